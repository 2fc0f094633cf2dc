"""What the attention of trained heads computes, compared with kernels."""
