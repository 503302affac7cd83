namespace WanSharp.Runtime.Networks;

/// <summary>How much of a network is compiled as one graph.</summary>
public enum CompileMode
{
    /// <summary>
    /// One block, which runs with each block's weights in turn: compiles in milliseconds, and holds no weight twice.
    /// </summary>
    Blocks,

    /// <summary>
    /// The whole network, with its weights packed for the processor's matrix kernels: runs are faster, but the first compilation is
    /// long.
    /// </summary>
    Whole,

    /// <summary>One block, not optimized and not kept on disk. For finding out whether an optimization is to blame.</summary>
    Off,
}
