using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>A network on its weights: compiled once, then run.</summary>
internal interface ILoadedNetwork : IDisposable
{
    /// <summary>Compiles what is not compiled when it is first used.</summary>
    Task CompileAsync(CancellationToken cancellationToken);

    /// <summary>One forward pass.</summary>
    /// <returns>The result, valid until the next pass.</returns>
    Tensor Forward(CancellationToken cancellationToken);
}
