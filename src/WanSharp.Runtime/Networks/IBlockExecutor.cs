namespace WanSharp.Runtime.Networks;

/// <summary>Runs a transformer's blocks, one after another.</summary>
/// <remarks>For one thread at a time.</remarks>
internal interface IBlockExecutor : IDisposable
{
    /// <summary>How many blocks there are.</summary>
    int Count { get; }

    /// <summary>Whether a block reads and passes on the control.</summary>
    bool IsControlled(int block);

    /// <summary>Runs a block; those of a forward pass are run in order.</summary>
    void Run(int block, BlockValues values, CancellationToken cancellationToken);

    /// <summary>Gives back memory that can be had again at the next run.</summary>
    void ReleaseMemory();
}
