using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>The tiny model's transformer, compiled once for the tests of a class; they fail if anything of it is left.</summary>
public sealed class TinyTransformer(TinyEngine engine) : IAsyncLifetime
{
    private readonly LiveObjects _live = new();
    private readonly GraphCache _graphs = new(engine.Runtime);

    public TransformerRunner Runner { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Runner = await TransformerRunner.CreateAsync(
            _graphs,
            engine.Model.Transformer,
            engine.Model.TransformerWeights,
            new SessionSettings(),
            cancellationToken: TestContext.Current.CancellationToken
        );

    public ValueTask DisposeAsync()
    {
        Runner.Dispose();
        _graphs.Dispose();
        _live.AssertNoneIsLeft();
        return ValueTask.CompletedTask;
    }
}
