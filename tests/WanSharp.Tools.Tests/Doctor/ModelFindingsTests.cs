using WanSharp.Engine.Costs;
using WanSharp.Tools.Doctor;

namespace WanSharp.Tools.Tests.Doctor;

/// <summary>The tree of questions about a model: each answer leads to what helps.</summary>
public sealed class ModelFindingsTests
{
    private static readonly ModelSight Healthy = new()
    {
        Model = "big",
        WeightTypes = ["BF16"],
        Memory = (4, 8),
        Step = (1.1, 1),
        WaitShare = 0.01,
        DecodeShare = 0.1,
        ClipSeconds = 20,
    };

    private static readonly Dictionary<string, (ModelSight Sight, string Topic, string Command)> Troubles = new()
    {
        ["a part that is missing"] = (Healthy with { Problem = "the VAE is not there" }, "model", "wan models pull big"),
        ["a file that is wrong"] = (Healthy with { Problem = "NaN", ProblemFile = "/big/a.gguf" }, "model", "wan inspect /big/a.gguf"),
        ["a pulled file that is wrong"] = (
            Healthy with
            {
                Problem = "NaN",
                ProblemFile = "/hub/a.gguf",
                IsPulled = true,
            },
            "model",
            "wan models verify --remove"
        ),
        ["too little memory"] = (Healthy with { Memory = (8_000_000_000, 4_000_000_000) }, "memory", "--memory 4.0GB"),
        ["waiting for weights"] = (Healthy with { WaitShare = 0.5, Step = (5, 1) }, "speed", "wan quantize --model big"),
        ["waiting for the weights of a folder with points and a space in its name"] = (
            Healthy with
            {
                Model = "/data/Wan 2.1/Wan2.2-T2V-A14B",
                WaitShare = 0.5,
            },
            "speed",
            "wan quantize --model '/data/Wan 2.1/Wan2.2-T2V-A14B' --max-loss 3% -o Wan2.2-T2V-A14B-int8"
        ),
        ["widening of weights of few bits"] = (
            Healthy with
            {
                WaitShare = 0.5,
                IsQuantized = true,
                MayUseIntegers = true,
            },
            "speed",
            "--precision int8"
        ),
        ["a machine that is busy"] = (Healthy with { Step = (3, 1) }, "speed", "wan bench dit"),
        ["decoding"] = (Healthy with { DecodeShare = 0.6 }, "speed", "wan optimize --model big"),
        ["decoding, with a tiny decoder to be had"] = (
            Healthy with
            {
                DecodeShare = 0.6,
                TinyDecoderToPull = "taew2_1",
            },
            "speed",
            "wan models pull taew2_1"
        ),
        ["decoding, with a tiny decoder at hand"] = (Healthy with { DecodeShare = 0.6, TinyDecoder = "taew" }, "speed", "--decoder taew"),
        ["work that is long"] = (Healthy with { ClipSeconds = 600 }, "speed", "wan optimize --model big --max-loss 3%"),
    };

    public static TheoryData<string> Names => [.. Troubles.Keys];

    [Fact]
    public void Of_AHealthyModel_IsAllGood() =>
        Assert.All(ModelFindings.Of(Healthy), finding => Assert.Equal(Severity.Good, finding.Severity));

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_AModelWithATrouble_NamesItAlone(string name)
    {
        var (sight, topic, command) = Troubles[name];

        var finding = Assert.Single(ModelFindings.Of(sight), finding => finding.Severity != Severity.Good);

        Assert.Equal(topic, finding.Topic);
        Assert.Contains(command, finding.Command, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_LongWork_NamesTheLeversByWhatTheyMakeOfIt()
    {
        var alternatives = new[] { ("--steps 20", 300.0), ("--precision int8", 200), ("--step-cache auto", 310), ("--size 480x480", 250) };
        var sight = Healthy with
        {
            ClipSeconds = 600,
            Alternatives = [.. alternatives.Select(one => new PlanAlternative(one.Item1, one.Item2, 0))],
        };

        var commands = ModelFindings.Of(sight).Select(finding => finding.Command).OfType<string>();

        Assert.Equal(
            ["--precision int8", "--size 480x480", "--steps 20"],
            commands
                .Where(command => command.StartsWith("wan generate", StringComparison.Ordinal))
                .Select(command => command.Split("big ")[1])
        );
    }
}
