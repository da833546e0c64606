"""What EKS and its customers' usual controllers do inside a cluster, done here to the rehearsal's cluster."""
