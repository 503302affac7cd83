using WanSharp.Tensors;

namespace WanSharp.Engine.Benchmarks;

/// <summary>A network that is ready to run.</summary>
internal interface ILoadedNetwork : IDisposable
{
    /// <summary>One forward pass.</summary>
    /// <returns>The result, valid until the next pass.</returns>
    Tensor Forward(CancellationToken cancellationToken);
}
