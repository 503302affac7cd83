namespace WanSharp.Runtime.Networks;

/// <summary>How much of a network is compiled as one graph.</summary>
public enum CompileMode
{
    /// <summary>One block, which runs with each block's weights in turn: compiled in milliseconds, and no weight is held twice.</summary>
    Blocks,

    /// <summary>All of it, its weights packed as the processor's matrix kernels want them: faster runs, a long first compilation.</summary>
    Whole,

    /// <summary>
    /// One block as it is written: nothing is optimized, nothing is kept on disk. For finding out whether an optimization is to
    /// blame.
    /// </summary>
    Off,
}
