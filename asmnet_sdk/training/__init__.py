"""Training and export of models; needs the extra ``asmnet-sdk[train]``."""
