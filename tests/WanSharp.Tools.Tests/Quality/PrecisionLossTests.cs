using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class PrecisionLossTests(TinyEngine engine)
{
    private static readonly TransformerOptions EightBit = new() { Quantization = Quantization.EightBit };

    [Fact]
    public void PromptOf_OneClipAndAnother_Differ() =>
        Assert.Equal(96, Enumerable.Range(0, 96).Select(PrecisionLoss.PromptOf).Distinct().Count());

    [Fact]
    public void Plan_InEightBits_IsRememberedByTheClip()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), EightBit);

        var settings = generator.Plan(new GenerationRequest { Prompt = "a red circle" }).Settings;

        Assert.Equal(Precision.EightBit.Name, settings.Execution!.Precision);
        Assert.Equal(settings.Execution, GenerationSettings.FromJson(settings.ToJson())!.Execution);
    }

    [Fact]
    public void VideoGenerator_InEightBitsOnAnotherProvider_IsRefused()
    {
        var error = Assert.Throws<InvalidRequestException>(() =>
            new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings { Provider = "webgpu" }, EightBit)
        );

        Assert.Equal("precision", error.Field);
    }
}
