using System.CommandLine;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using WanSharp.Cli.Commands;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Styles;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A setting that is in the table is known wherever clips are asked for. No test here names one.</summary>
public sealed class SettingFieldsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. SettingFields.All.Select(one => one.Name)];

    public static TheoryData<string> WithOption => [.. SettingFields.All.Where(one => one.Option is not null).Select(one => one.Name)];

    public static TheoryData<string> OfAClip => [.. ShownOf(Clip()).Select(one => one.Field.Name).Distinct()];

    [Fact]
    public void EveryProperty_HasAFieldOfItsJsonName()
    {
        var properties = typeof(ClipSettings)
            .GetProperties()
            .Select(property => property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name)
            .Order();

        Assert.Equal(SettingFields.Stored.Select(field => field.Name).Order(), properties);
    }

    [Fact]
    public void EverySettingOfAClip_IsGivenBackAsARequest()
    {
        var embedded = typeof(GenerationSettings).GetProperties().Select(property => property.Name);

        var resolved = typeof(ClipSettings).GetProperties().Select(property => property.Name);

        Assert.Equal([nameof(ClipSettings.Seconds)], resolved.Except(embedded)); // embedded as frames
    }

    [Theory]
    [MemberData(nameof(WithOption))]
    public async Task Generate_TakesTheOption(string name)
    {
        var (field, text) = Sample(name);

        Assert.Equal(text, field.Print(await GenerateAsync(field.Option!, text)));
    }

    [Theory]
    [MemberData(nameof(WithOption))]
    public void Batch_TakesTheOptionForAllItsJobs(string name)
    {
        var (field, text) = Sample(name);
        File.WriteAllText(_folder["prompts.txt"], "a cat");
        var options = new BatchOptions();
        var root = new RootCommand();
        options.AddTo(root);
        var option = field == SettingFields.Seed ? "--seeds" : field.Option;

        var entry = Assert.Single(options.Read(PlainParsing.Parse(root, ["--prompts", _folder["prompts.txt"], $"{option}={text}"])));

        Assert.Equal(text, field.Print(entry.Request));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void BatchFiles_TakeTheField(string name)
    {
        var (field, text) = Sample(name);
        File.WriteAllText(_folder["jobs.jsonl"], $$"""{"prompt": "a cat", "{{name}}": {{Json(field, text)}}}""");
        File.WriteAllText(_folder["jobs.csv"], $"prompt,{name}\na cat,\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n");

        foreach (var file in new[] { "jobs.jsonl", "jobs.csv" })
        {
            var entry = Assert.Single(BatchFile.Read(_folder[file], new JobRequest { Prompt = "" }));
            Assert.Null(entry.Problem);
            Assert.Equal(text, field.Print(entry.Request));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Styles_TakeTheField(string name)
    {
        var (field, text) = Sample(name);
        File.WriteAllText(_folder["styles.json"], $$$$"""{"mine": {"settings": {"{{{{name}}}}": {{{{Json(field, text)}}}} }}}""");

        Assert.True(StyleCatalog.Load([_folder["styles.json"]]).TryFind("mine", out var found, out _));

        Assert.Equal(text, field.Print(found.Style.Apply(new JobRequest { Prompt = "a cat" }, "wan")));
    }

    [Theory]
    [MemberData(nameof(WithOption))]
    public async Task AJobsRow_BecomesARequest_AndACommand(string name)
    {
        var (field, text) = Sample(name);
        Assert.True(field.TrySet(new JobRequest { Prompt = "a cat" }, text, out var job));

        var row = JobRequest.FromJson(job.ToJson());
        var request = new GenerationRequest(row) { Prompt = row.Prompt };
        var (option, value) = Assert.Single(SettingFields.CommandLine(request));
        var again = await GenerateAsync(option, value);

        Assert.Equal(text, field.Print(request));
        Assert.Equal(request with { Images = again.Images, Seed = again.Seed }, again);
        Assert.Equal(request.Seed ?? 0, again.Seed ?? 0);
    }

    [Fact]
    public void AClipsSettings_AreEmbedded_AndGivenBack()
    {
        var clip = Clip();

        var read = GenerationSettings.FromJson(clip.ToJson())!;

        Assert.Equal(clip.ToRequested(), read.ToRequested());
    }

    [Fact]
    public void AClipsSettings_AreAllShown_ExceptWhatAnotherSays()
    {
        var shown = ShownOf(Clip()).Select(one => one.Field.Name).ToList();
        // What a preset set is shown, and lists of noise levels say what a shift would.
        string[] said = ["preset", .. Clip().HasOwnLevels ? new[] { "shift" } : []];

        Assert.All(
            SettingFields.All.Where(field => !shown.Contains(field.Name) && !said.Contains(field.Name)),
            field => Assert.True(field.IsPart || field.Excludes.Any(shown.Contains), $"{field.Name} of a clip is not shown")
        );
    }

    [Theory]
    [MemberData(nameof(OfAClip))]
    public void InspectAndGenerate_ShowTheSetting(string name)
    {
        var (field, value) = ShownOf(Clip()).First(one => one.Field.Name == name);
        using var generate = new StringWriter();

        GenerateReport.WriteSettings(generate, Clip());

        Assert.Contains((field.Label, value), InspectCommand.Rows(Clip()));
        Assert.Matches(
            new Regex($"(^|, ){field.Label}:? {Regex.Escape(value)}(,|$)", RegexOptions.Multiline),
            generate.ToString().ReplaceLineEndings("\n")
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryField_SaysWhatItTakes(string name)
    {
        var (field, _) = Sample(name);

        Assert.EndsWith(".", field.Help, StringComparison.Ordinal);
        Assert.NotEmpty(field.Expected);
        Assert.NotEmpty(field.ValueName);
        Assert.All(field.Excludes, other => Assert.Contains(field.Name, SettingFields.Find(other)!.Excludes));
        Assert.True(field.ImpliedBy is null || SettingFields.Find(field.ImpliedBy) is not null);
    }

    [Fact]
    public void Fill_LeavesWhatIsGivenInAnotherWay()
    {
        var style = new ClipSettings
        {
            Frames = 9,
            HighNoiseGuidanceScale = 3,
            Steps = 4,
        };

        var filled = SettingFields.Fill(new ClipSettings { Seconds = 2, GuidanceScale = 5 }, style);

        Assert.Equal(
            new ClipSettings
            {
                Seconds = 2,
                GuidanceScale = 5,
                Steps = 4,
            },
            filled
        );
    }

    [Theory]
    [InlineData("--frames=5", "--seconds=1")]
    [InlineData("--seconds=1", "--frames=5")]
    public void OptionsThatSayTheSame_AreRefused(string one, string other)
    {
        var options = new SettingOptions(withSeed: true);
        var root = new RootCommand();
        options.AddTo(root);

        var wrong = Assert.Throws<InvalidRequestException>(() => options.Read(PlainParsing.Parse(root, [one, other]), new ClipSettings()));

        Assert.Contains("were both given", wrong.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<GenerationRequest> GenerateAsync(string option, string value)
    {
        var options = new GenerateOptions();
        var root = new RootCommand();
        options.AddTo(root);
        var parsed = PlainParsing.Parse(root, ["a cat", $"{option}={value}"]);
        Assert.Empty(parsed.Errors);
        return await options.ReadAsync(
            parsed,
            Stream.Null,
            (_, _) => throw new InvalidOperationException("no image is given"),
            TestContext.Current.CancellationToken
        );
    }

    private static IEnumerable<(SettingField Field, string Value)> ShownOf(GenerationSettings clip) =>
        SettingFields.Shown(clip.ToRequested());

    /// <summary>The settings of a clip with a value for each that is in the table, so far as clips have it.</summary>
    private static GenerationSettings Clip()
    {
        var clip = (GenerationSettings)RuntimeHelpers.GetUninitializedObject(typeof(GenerationSettings));
        foreach (var property in typeof(GenerationSettings).GetProperties().Where(property => property.CanWrite))
        {
            property.SetValue(clip, ValueOf(property));
        }

        return clip;

        static object? ValueOf(PropertyInfo property)
        {
            if (typeof(ClipSettings).GetProperty(property.Name) is not { } asked)
            {
                return property.PropertyType == typeof(string) ? "x"
                    : property.PropertyType == typeof(IReadOnlyList<GenerationSettings.EmbeddedImage>)
                        ? Array.Empty<GenerationSettings.EmbeddedImage>()
                    : null;
            }

            var (field, text) = Sample(asked.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name);
            Assert.True(field.TrySet(new ClipSettings(), text, out var settings));
            return asked.GetValue(settings) switch
            {
                LoraUses uses => uses.Select(use => new GenerationSettings.EmbeddedLora(use.File, "ab", $"{use.Strength}")).ToList(),
                string when property.PropertyType == typeof(int?) => 1,
                string name when property.PropertyType == typeof(UsedNetwork) => new UsedNetwork(name, "ab"),
                string name when property.PropertyType == typeof(UsedInterpolation) => new UsedInterpolation(name, "ab", 8),
                string name when property.PropertyType == typeof(UsedClip) => new UsedClip(name, "ab"),
                string name when property.PropertyType == typeof(IReadOnlyList<UsedClip>) => new[] { new UsedClip(name, "ab") },
                var value => value,
            };
        }
    }

    /// <summary>A value that is awkward to carry: the largest number, a fraction, a text that looks like an option.</summary>
    private static (SettingField Field, string Text) Sample(string name)
    {
        var field = SettingFields.Find(name)!;
        var text = field switch
        {
            { Choices: [.., var last] } => last,
            { Example: { } example } => example,
            { Range: { IsWhole: true } range } => FormattableString.Invariant($"{range.Maximum}"),
            { Range: not null } => "1.3",
            { IsComposite: true } => "64x32",
            _ => "-一只 \"cat\", 'x'",
        };
        return (field, text);
    }

    private static string Json(SettingField field, string text) => field.Range is null ? JsonSerializer.Serialize(text) : text;
}
