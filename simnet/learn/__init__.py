"""The training: recipes, stages, the training loop, export to model folders, rate-distortion evaluation.

    recipe ──training──▶ stage (backbone, fuse, common, lowres, dsin, published) ──Trainer──▶ network ──model_export──▶ models/ID
                          pair_data, decoder_examples, losses ──▲                                     └──evaluation/──▶ curves

Rules of this package: it may import codecs and worlds. The simulation packages do not import it, so a run never imports a
training library. A killed training resumes from its checkpoint with the same result as an uninterrupted one.
"""
