using System.CommandLine;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Cli;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Hosting.Outputs;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Benchmarks.Memory;
using WanSharp.Tools.Quality;

namespace WanSharp.Repository.Tests;

/// <summary>
/// What <c>--json</c> prints is read by scripts: a member that is renamed or gone breaks them. Each output's members are listed in
/// <c>tests/data/outputs</c>. After a change that is meant, copy the file that the failure names over the listing.
/// </summary>
public class OutputSchemaTests
{
    private static readonly (string File, string Command, Type Type)[] Outputs =
    [
        ("generate", "generate", typeof(GenerateOutput)),
        ("plan", "plan", typeof(PlanOutput)),
        ("plan-devices", "plan", typeof(DevicePlanOutput)),
        ("batch", "batch", typeof(BatchOutput)),
        ("batch-dry-run", "batch", typeof(DryRunOutput)),
        ("batch-resume-dry-run", "batch", typeof(RestOutput)),
        ("film", "film", typeof(FilmOutput)),
        ("film", "film redo", typeof(FilmOutput)),
        ("film", "extend", typeof(FilmOutput)),
        ("enhance", "enhance", typeof(EnhanceOutput)),
        ("film-dry-run", "film", typeof(FilmDryRunOutput)),
        ("jobs-list", "jobs list", typeof(JobOutput)),
        ("export", "export", typeof(ExportOutput)),
        ("inspect-clip", "inspect", typeof(GenerationSettings)),
        ("inspect-checkpoint", "inspect", typeof(CheckpointOutput)),
        ("inspect-recipe", "inspect", typeof(RecipeOutput)),
        ("models-list", "models list", typeof(IReadOnlyList<CheckpointOutput>)),
        ("models-list-pulled", "models list", typeof(PulledOutput)),
        ("models-pull", "models pull", typeof(IReadOnlyList<PullOutput>)),
        ("models-verify", "models verify", typeof(IReadOnlyList<VerifiedFileOutput>)),
        ("providers", "providers", typeof(ProvidersOutput)),
        ("selftest", "selftest", typeof(ComparedFixtureOutput)),
        ("selftest-skipped", "selftest", typeof(FixtureOutput)),
        ("cache-stats", "cache stats", typeof(CacheOutput)),
        ("cache-removed", "cache prune", typeof(IReadOnlyDictionary<string, PrunedOutput>)),
        ("cache-removed", "cache clear", typeof(IReadOnlyDictionary<string, PrunedOutput>)),
        ("bench", "bench", typeof(BenchmarkReport)),
        ("bench-start", "bench", typeof(StartReport)),
        ("bench-memory", "bench memory", typeof(MemoryReport)),
        ("bench-experts", "bench experts", typeof(ExpertsOutput)),
        ("bench-lora", "bench lora", typeof(LoraOutput)),
        ("bench-end-to-end", "bench end-to-end", typeof(EndToEndOutput)),
        ("bench-throughput", "bench throughput", typeof(ThroughputOutput)),
        ("bench-quality", "bench quality", typeof(QualityOutput)),
        ("bench-plan", "bench plan", typeof(IReadOnlyList<PlanCheckOutput>)),
        ("bench-dtypes", "bench dtypes", typeof(IReadOnlyList<DtypeOutput>)),
        ("bench-decoders", "bench decoders", typeof(IReadOnlyList<DecoderOutput>)),
        ("bench-reuse", "bench reuse", typeof(IReadOnlyList<ReusedClipOutput>)),
        ("bench-drift", "bench drift", typeof(IReadOnlyList<SectionDrift>)),
        ("compare", "compare", typeof(ComparedClipsOutput)),
        ("quantize", "quantize", typeof(QuantizeOutput)),
        ("optimize", "optimize", typeof(OptimizeOutput)),
        ("doctor", "doctor", typeof(DoctorOutput)),
        ("profile", "profile", typeof(ProfileOutput)),
        ("bench-presets", "bench presets", typeof(IReadOnlyList<PresetWayOutput>)),
        ("bench-step-cache", "bench step-cache", typeof(StepCacheOutput)),
        ("presets", "presets", typeof(IReadOnlyList<PresetOutput>)),
    ];

    public static TheoryData<string> Files => [.. Outputs.Select(output => output.File).Distinct()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Output_HasTheListedMembers(string file)
    {
        var listing = $"tests/data/outputs/{file}.txt";
        var actual = OutputSchema.Describe(Outputs.First(output => output.File == file).Type);
        var written = Path.Combine(AppContext.BaseDirectory, $"{file}.txt");
        File.WriteAllText(written, actual);

        var expected = File.Exists(Path.Combine(Checkout.Root, listing)) ? Checkout.Read(listing) : "";

        Assert.True(actual == expected, $"The output is not that of {listing}. Meant so? Copy {written} there.\n{actual}");
        Assert.Contains(listing, Checkout.Read("docs/json.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandWithJson_HasAnOutput()
    {
        var root = WanApp.Build(CliEnvironment.FromProcess());

        Assert.Equal(Outputs.Select(output => output.Command).Distinct().Order(), CommandsWithJson(root, "").Distinct().Order());
    }

    [Fact]
    public void TheListing_IsWhatIsWritten()
    {
        foreach (var record in Outputs.SelectMany(output => OutputSchema.Records(output.Type)).Distinct())
        {
            Assert.Equal(OutputSchema.Names(record), WritersOf(record).First().Properties.Select(property => property.Name));
        }
    }

    [Fact]
    public void NoOutput_IsBuiltByHand()
    {
        var found = Directory
            .EnumerateFiles(Path.Combine(Checkout.Root, "src", "WanSharp.Cli"), "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("new JsonObject", StringComparison.Ordinal))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

        Assert.Empty(found);
    }

    /// <summary>What writes a record: the commands' own options, or the context next to a report that writes itself.</summary>
    private static IEnumerable<JsonTypeInfo> WritersOf(Type record) =>
        record
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(JsonSerializerContext)))
            .Select(type => type.GetProperty("Default", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetValue(null))
            .Cast<JsonSerializerContext>()
            .Select(context => context.GetTypeInfo(record))
            .Prepend(JsonText.Options.TryGetTypeInfo(record, out var info) ? info : null)
            .OfType<JsonTypeInfo>()
            .Where(writer => writer.Kind == JsonTypeInfoKind.Object);

    private static IEnumerable<string> CommandsWithJson(Command command, string path)
    {
        if (command.Options.Any(option => option.Name == "--json"))
        {
            yield return path;
        }

        foreach (var subcommand in command.Subcommands.SelectMany(sub => CommandsWithJson(sub, $"{path} {sub.Name}".Trim())))
        {
            yield return subcommand;
        }
    }
}
