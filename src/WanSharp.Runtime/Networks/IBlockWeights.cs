namespace WanSharp.Runtime.Networks;

/// <summary>The blocks of a network: one compiled graph, prepared with each block's weights in turn.</summary>
/// <remarks>For one thread at a time.</remarks>
internal interface IBlockWeights : IDisposable
{
    /// <summary>How many blocks there are.</summary>
    int Count { get; }

    /// <summary>A run with a block's weights bound, to be used before the next one is taken.</summary>
    /// <param name="index">The block; those of a forward pass are taken in order.</param>
    PreparedRun Take(int index);

    /// <summary>Gives back memory that can be had again at the next run.</summary>
    void ReleaseMemory();
}
