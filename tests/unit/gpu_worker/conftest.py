from tests.tiny_weights import single_ref, tiny_ref, tiny_weights

__all__ = ["single_ref", "tiny_ref", "tiny_weights"]
