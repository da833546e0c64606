"""The rehearsal: real engines where the cloud was, so that the unchanged program can run on one machine."""
