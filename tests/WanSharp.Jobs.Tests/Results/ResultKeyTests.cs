using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Results;

namespace WanSharp.Jobs.Tests.Results;

public class ResultKeyTests
{
    private static readonly GenerationPlan Plan = new()
    {
        Settings = new GenerationSettings
        {
            Version = "1.0.0",
            Model = "shapes",
            ModelDigest = "00",
            Prompt = "a",
            NegativePrompt = "b",
            Width = 96,
            Height = 96,
            Frames = 17,
            Fps = 8,
            Steps = 20,
            GuidanceScale = 4,
            Sampler = "unipc",
            Shift = 3,
            Seed = 1,
            Images = [],
        },
        Latents = [1, 16, 5, 12, 12],
        Sampler = SamplerKind.UniPc,
        Tokens = 180,
        StepBranches = [2],
        HighNoiseSteps = 0,
        GivenFrames = new Dictionary<int, Media.Images.RgbImage>(),
        Identity = "cpu, fp32, all settings",
    };

    [Fact]
    public void OfEngine_IsADigestOfThePlansIdentity()
    {
        var key = ResultKey.OfEngine(Plan);
        Assert.Matches("^[0-9a-f]{64}$", key);
        Assert.Equal(key, ResultKey.OfEngine(Plan with { Tokens = 181 }));
        Assert.NotEqual(key, ResultKey.OfEngine(Plan with { Identity = "cpu, int8, all settings" }));
    }

    [Fact]
    public void Of_TextThatShiftsBetweenParts_IsAnother() => Assert.NotEqual(ResultKey.Of("ab", "c"), ResultKey.Of("a", "bc"));
}
