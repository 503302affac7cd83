using System.CommandLine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Models.Hub;
using WanSharp.Runtime.Memory;
using WanSharp.Testing;
using WanSharp.Tools.Doctor;

namespace WanSharp.Cli.Tests;

/// <summary>What <c>wan doctor</c> prints to be copied is read back: every command parses, and names what it was found for.</summary>
public sealed class DoctorAdviceTests : IDisposable
{
    private const string Model = "/data/Wan 2.1/Wan2.1-T2V-1.3B";

    private static readonly ModelSight Slow = new()
    {
        Model = Model,
        WeightTypes = ["F32"],
        Memory = (8_000_000_000, 4_000_000_000),
        Step = (5, 1),
        WaitShare = 0.1,
        DecodeShare = 0.6,
        ClipSeconds = 600,
    };

    private static readonly ModelSight Broken = Slow with { Problem = "a tensor is missing" };

    private readonly TemporaryFolder _folder = new();
    private readonly WanModel _shapes;

    public DoctorAdviceTests() => _shapes = new WanHost(new HostOptions { CacheFolder = _folder.Path }).OpenModel("shapes");

    public void Dispose()
    {
        _shapes.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void CommandsOfAMachinesTroubles_Parse()
    {
        MachineSight machine = new()
        {
            Processor = "a processor",
            Features = "",
            Processors = 8,
            QuotaProcessors = 2,
            Load = 9,
            HasIntegerProducts = false,
            HugePages = "never",
            Memory = new HostMemoryFacts(64_000_000_000, 1_000_000_000, 8_000_000_000),
            CacheFolder = "/cache",
            CacheRoom = 1,
            DiskBytesPerSecond = 1,
            TemporaryProblem = "it is full",
            LibraryProblem = "it is not there",
            Framework = ".NET",
            FormatsLost = [".mp4"],
            Now = DateTimeOffset.UnixEpoch,
            FileClockSkew = TimeSpan.FromHours(1),
            Locale = "C",
            DamagedEntries = [.. Storage.CacheSections.All.Select(section => (section, 1L))],
            PresetsProblem = "line 3",
        };
        MachineSight[] others = [machine with { CacheRoom = 5_000_000_000, Ffmpeg = "/ffmpeg" }];

        AssertParse(others.Prepend(machine).SelectMany(MachineFindings.Of), atLeast: 10);
    }

    [Fact]
    public void CommandsOfAModelsTroubles_ParseAndNameIt()
    {
        ModelSight[] sights =
        [
            Slow,
            Slow with
            {
                WaitShare = 0.5,
                TinyDecoder = "/data/my decoders/taew2_1.safetensors",
            },
            Slow with
            {
                WaitShare = 0.5,
                IsQuantized = true,
                MayUseIntegers = true,
            },
            Broken,
            Broken with
            {
                Model = "./wan2.1",
            },
            Broken with
            {
                ProblemFile = "/data/Wan 2.1/a.gguf",
            },
            Broken with
            {
                ProblemFile = "/hub/a.gguf",
                IsPulled = true,
            },
        ];

        var commands = AssertParse(sights.SelectMany(ModelFindings.Of), atLeast: 9);

        Assert.All(
            commands.Where(command => command.Tokens.Any(token => token.Value == "--model")),
            command => Assert.Equal(Model, command.GetValue<string>("--model"))
        );
    }

    /// <summary>Decoders that it says to pull have an address.</summary>
    [Theory]
    [InlineData("taew2_1")]
    [InlineData("taew2_2")]
    public void DecodersToPull_AreAliases(string alias)
    {
        Assert.NotNull(AliasCatalog.Load().Find(alias));
        AssertParse(ModelFindings.Of(Slow with { TinyDecoderToPull = alias }), atLeast: 1);
    }

    /// <summary>What would make a clip cheaper was planned; its options make the same request.</summary>
    [Fact]
    public void OptionsOfCheaperClips_AreThoseThatWerePlanned()
    {
        var costs = new CostModel(_shapes);
        var request = new GenerationRequest { Prompt = "a fox", Steps = 20 };
        var cheaper = PlanAlternatives.Of(costs, _shapes, request, costs.Sketch(request), KnownMachine.Rates, costs);

        var sights = cheaper.Select(one => Slow with { Alternatives = [one] });
        var commands = AssertParse(sights.SelectMany(ModelFindings.Of), atLeast: cheaper.Count);

        Assert.Contains(
            commands,
            command => command.Tokens.Select(token => token.Value).SkipWhile(word => word != "--steps").Skip(1).FirstOrDefault() == "10"
        );
    }

    private static List<ParseResult> AssertParse(IEnumerable<Finding> findings, int atLeast)
    {
        var root = WanApp.Build(SilentEnvironment.Create());
        var commands = findings
            .Select(finding => finding.Command)
            .OfType<string>()
            .Where(command => command.Contains("wan ", StringComparison.Ordinal))
            .Distinct()
            .Select(command => command[command.IndexOf("wan ", StringComparison.Ordinal)..])
            .ToDictionary(command => command, command => root.Parse(command[4..].Replace('\'', '"'))); // it knows one kind of quotes
        Assert.All(commands, one => Assert.True(one.Value.Errors.Count == 0, $"{one.Key}: {string.Join(' ', one.Value.Errors)}"));
        Assert.True(commands.Count >= atLeast, $"{commands.Count} commands");
        return [.. commands.Values];
    }
}
