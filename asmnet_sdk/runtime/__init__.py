"""ONNX models in onnxruntime: sessions, model files and what every model file must hold.

Its rooms are imported one by one: only `session` and `contracts` need onnxruntime.
"""
