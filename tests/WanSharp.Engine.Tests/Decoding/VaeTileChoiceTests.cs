using WanSharp.Engine.Costs;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Decoding;

public sealed class VaeTileChoiceTests(TinyEngine engine)
{
    private const long Gibibyte = 1L << 30;

    private static readonly Shape Clip480 = [1, 16, 21, 60, 104];

    private static readonly VaeMemory Activations = new(new VaeWork(VaeConfig.Wan21));

    [Fact]
    public void Auto_WhereWholeFramesFit_TakesNoTiles() =>
        Assert.Null(VaeTileChoice.Auto.For(VaeConfig.Wan21, Clip480, 64 * Gibibyte, Step));

    [Theory]
    [InlineData(16, 48)]
    [InlineData(4, 32)]
    [InlineData(1, 24)]
    public void Auto_WithLessMemory_TakesSmallerTiles(int gibibytes, int size)
    {
        var tiling = VaeTileChoice.Auto.For(VaeConfig.Wan21, Clip480, gibibytes * Gibibyte, Step);

        Assert.Equal(new VaeTiling(size, size), tiling);
    }

    [Fact]
    public void Off_WithLittleMemory_TakesNoTiles() => Assert.Null(VaeTileChoice.Off.For(VaeConfig.Wan21, Clip480, Gibibyte, Step));

    [Fact]
    public void Of_ASizeInPixels_IsThatOfTheLatents()
    {
        Assert.Equal(new VaeTiling(40, 32), VaeTileChoice.Of(320, 256).For(VaeConfig.Wan21, Clip480, 64 * Gibibyte, Step));
        Assert.Null(VaeTileChoice.Of(832, 480).For(VaeConfig.Wan21, Clip480, 64 * Gibibyte, Step));
        Assert.Contains(
            "48x48",
            Assert.Throws<InvalidRequestException>(() => VaeTileChoice.Of(32, 320).For(VaeConfig.Wan21, Clip480, Gibibyte, Step)).Message,
            StringComparison.Ordinal
        );
    }

    private static long Step(long height, long width) => Activations.OfDecodedFrame(height, width);

    [Fact]
    public async Task Generate_InTiles_GivesTheClipOfWholeFramesButForSeams()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Width = 96,
            Height = 64,
            Frames = 5,
            Steps = 1,
        };
        var (whole, tiled) = (new FrameList(), new FrameList());
        using var first = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        using var second = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { VaeTile = VaeTileChoice.Of(48, 48) }
        );
        var plan = second.Plan(request);

        await first.GenerateAsync(first.Plan(request), whole, cancellationToken: cancellation);
        await second.GenerateAsync(plan, tiled, cancellationToken: cancellation);

        Assert.Equal(new VaeTiling(6, 6), plan.VaeTiles);
        Assert.Equal(whole.Frames.Count, tiled.Frames.Count);
        Assert.NotEqual(whole.Frames[0], tiled.Frames[0]);
    }
}
