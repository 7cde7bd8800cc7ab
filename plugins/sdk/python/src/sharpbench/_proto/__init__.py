"""Generated messages of the protocol. No part of the public interface."""
