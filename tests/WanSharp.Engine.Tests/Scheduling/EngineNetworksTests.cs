using WanSharp.Engine.Memory;
using WanSharp.Engine.Scheduling;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

[NoLiveObjects]
[Collection("alone")]
public sealed class EngineNetworksTests(TinyEngine engine)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UseTextEncoder_CancelledWhileAnotherPromptIsEncoded_EndsTheWaitAlone()
    {
        using var networks = Networks();
        var gate = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = networks.UseTextEncoderAsync(_ => gate.Task, Token);
        using var stop = new CancellationTokenSource();
        var second = networks.UseTextEncoderAsync(_ => Task.FromResult(2), stop.Token);
        var unloading = networks.UnloadTextEncoderAsync(stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unloading);
        gate.SetResult(1);
        Assert.Equal(1, await first);
    }

    [Fact]
    public async Task VaeCompilation_ThatWasCancelled_CanBeHadLater()
    {
        using var networks = Networks();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => networks.Frames.Vaes.Own.CompileDecoderAsync(stop.Token));
        await networks.Frames.Vaes.Own.CompileDecoderAsync(Token);
        await networks.Frames.Vaes.Own.CompileEncoderAsync(Token);
    }

    private EngineNetworks Networks() =>
        new(engine.Model, new GraphCache(engine.Runtime), new SessionSettings(), transformer: null, lanes: 1, new MemoryPressure());
}
