using WanSharp.Engine.Requests;
using WanSharp.Jobs.Styles;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Styles;

public sealed class StyleCatalogTests : IDisposable
{
    private static readonly string Shipped = Path.Combine(AppContext.BaseDirectory, StyleCatalog.FileName);

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("anime", "anime")]
    [InlineData("动漫", "anime")]
    [InlineData("Realistic", "realistic")]
    [InlineData("写实", "realistic")]
    [InlineData("ink", "ink")]
    [InlineData("水墨", "ink")]
    [InlineData("outlined", "outlined")]
    [InlineData("线描", "outlined")]
    public void TryFind_OfAShippedStyle_FindsItInBothLanguages(string name, string expected)
    {
        Assert.True(StyleCatalog.Load([Shipped]).TryFind(name, out var found, out _));
        Assert.Equal(expected, found.Name);
        Assert.NotEqual("a cat", found.Style.Apply(new JobRequest { Prompt = "a cat" }, "wan2.2").Prompt);
    }

    [Fact]
    public void Apply_ToARequestWithAPreset_LeavesItsStepsAndGuidance()
    {
        Assert.True(StyleCatalog.Load([Shipped]).TryFind("ink", out var found, out _));

        var applied = found.Style.Apply(new JobRequest { Prompt = "a red circle", Preset = "shapes-4" }, "shapes");

        Assert.Null(applied.GuidanceScale);
        Assert.Equal("ink", applied.Loras!.ToString());
        Assert.NotNull(found.Style.Apply(new JobRequest { Prompt = "a red circle" }, "shapes").GuidanceScale);
    }

    [Fact]
    public void Apply_ForShapes_LeavesThePromptAndMakesDifferentClips()
    {
        var styles = StyleCatalog.Load([Shipped]);
        var requests = styles
            .Names.Select(name =>
                styles.TryFind(name, out var found, out _) ? found.Style.Apply(new JobRequest { Prompt = "a red circle" }, "shapes") : null
            )
            .ToList();

        Assert.All(requests, request => Assert.Equal("a red circle", request!.Prompt));
        Assert.Equal(requests.Count, requests.Select(request => (request!.GuidanceScale, request.Loras)).Distinct().Count());
    }

    [Fact]
    public void Apply_WhereTheRequestSaysSomething_LeavesIt()
    {
        Assert.True(StyleCatalog.Load([Shipped]).TryFind("anime", out var found, out _));
        var request = new JobRequest
        {
            Prompt = "a cat",
            NegativePrompt = "dogs",
            GuidanceScale = 2,
            Steps = 9,
        };

        var styled = found.Style.Apply(request, "wan");

        Assert.Equal(request with { Prompt = styled.Prompt, Images = styled.Images }, styled);
    }

    /// <summary>A style that is a LoRA is there whatever LoRA the job names; of the same file the job's strength counts.</summary>
    [Theory]
    [InlineData("other:0.5", "ink;other:0.5")]
    [InlineData("ink:0.5", "ink:0.5")]
    [InlineData("loras/Ink.safetensors:0.5;other", "loras/Ink.safetensors:0.5;other")]
    [InlineData(null, "ink")]
    public void Apply_ToARequestWithLoras_JoinsThem(string? own, string expected)
    {
        Assert.True(StyleCatalog.Load([Shipped]).TryFind("ink", out var found, out _));
        LoraUses? uses = null;
        Assert.True(own is null || LoraUses.TryParse(own, out uses));

        var job = found.Style.Apply(new JobRequest { Prompt = "a red circle", Loras = uses }, "shapes");
        var request = found.Style.Apply(new GenerationRequest { Prompt = "a red circle", Loras = uses }, "shapes");

        Assert.Equal((expected, expected), (job.Loras!.ToString(), request.Loras!.ToString()));
    }

    /// <summary>Windows' Notepad saves texts with a byte order mark, or as UTF-16.</summary>
    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Load_OfAFileWithAByteOrderMark_ReadsIt(string encoding)
    {
        File.WriteAllText(
            _folder["mine.json"],
            """{"noir": {"aliases": ["黑色"], "settings": {"steps": 40}}}""",
            System.Text.Encoding.GetEncoding(encoding)
        );

        Assert.True(StyleCatalog.Load([_folder["mine.json"]]).TryFind("黑色", out _, out _));
    }

    [Fact]
    public void Load_OfSeveralFiles_LetsTheLastReplace()
    {
        File.WriteAllText(
            _folder["mine.json"],
            """{ /* mine */ "Ink": { "aliases": ["墨"], "prompt": "black ink: {prompt}", }, "noir": { "settings": { "steps": 40 } } }"""
        );
        var styles = StyleCatalog.Load([Shipped, _folder["mine.json"]]);

        Assert.True(styles.TryFind("墨", out var ink, out _));
        Assert.Equal("black ink: x", ink.Style.Apply(new JobRequest { Prompt = "x" }, "wan").Prompt);
        Assert.True(styles.TryFind("noir", out var noir, out _));
        Assert.Equal(
            ("x", 40),
            (
                noir.Style.Apply(new JobRequest { Prompt = "x" }, "wan").Prompt,
                noir.Style.Apply(new JobRequest { Prompt = "x" }, "wan").Steps
            )
        );
    }

    [Theory]
    [InlineData("{", "not a list of styles")]
    [InlineData("[]", "not a list of styles")]
    [InlineData("""{"a": {"promt": "{prompt}"}}""", "promt")]
    [InlineData("""{"a": {"prompt": null}}""", "not a list of styles")]
    [InlineData("""{"a": {"settings": {"guidanse": 3}}}""", "Did you mean guidance?")]
    [InlineData("""{"a": {"settings": {"steps": "many"}}}""", "The steps is a whole number from 1 to 1000, not \"many\"")]
    [InlineData("""{"a": {"settings": {"sampler": 3}}}""", "The sampler is one of unipc")]
    [InlineData("""{"a": {"settings": {"frames": 5, "seconds": 1}}}""", "both frames and seconds")]
    [InlineData("""{"a": {"settings": [3]}}""", "Settings are an object")]
    [InlineData("""{"a": {"prompt": "always the same"}}""", "{prompt}")]
    [InlineData("""{"a": {}, "a": {}}""", "Duplicate propert")]
    [InlineData("""{"ink": {}, "Ink": {}}""", "'ink' and 'Ink' differ in case alone")]
    [InlineData("""{"a": {"settings": {"steps": 4}, "settings": {"steps": 5}}}""", "Duplicate property 'settings'")]
    [InlineData("""{"a": {"settings": {"steps": 4, "steps": 5}}}""", "steps")]
    [InlineData("""{"a": null}""", "'a' is null")]
    [InlineData("""{"a": {"models": {"m": {"prompt": "same"}}}}""", "{prompt}")]
    [InlineData("""{"a": {"aliases": ["x"]}, "b": {"aliases": ["X"]}}""", "names both")]
    public void Load_OfADamagedFile_SaysWhatAndWhere(string text, string expected)
    {
        File.WriteAllText(_folder["bad.json"], text);

        var exception = Assert.Throws<InvalidDataException>(() => StyleCatalog.Load([_folder["bad.json"]]));

        Assert.Contains("bad.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
