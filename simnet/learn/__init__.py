"""The training: recipes, stages, the training loop, export to model folders, rate-distortion evaluation.

    recipe ──training──▶ stage (backbone, fuse, common, lowres, dsin, published) ──Trainer──▶ network ──model_export──▶ models/ID
                          pair_data, decoder_examples, losses ──▲                                     └──evaluation/──▶ curves

Rules of this room: it may use codecs and worlds; nothing that simulates uses it, so a run never imports a training library. A
killed training continues from its checkpoint exactly as it would have.
"""
