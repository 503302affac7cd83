using System.Globalization;
using System.Text;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Batches;

public sealed class BatchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("a.jsonl", "{}\n")]
    [InlineData("a.json", "[{},\n{}]")]
    [InlineData("a.csv", "prompt\na\n")]
    [InlineData("a.txt", "a\n")]
    public void Readers_OfTooManyJobs_StopThere(string name, string line)
    {
        const int Most = 40;
        var text =
            name == "a.json" ? $"[{string.Join(",\n", Enumerable.Repeat("{}", 1000))}]" : string.Concat(Enumerable.Repeat(line, 1000));
        var records = name switch
        {
            "a.csv" => TableRecords.Read(name, text, BatchFields.Names, Most),
            "a.txt" => PromptList.Read(name, text, BatchFields.Names, Most),
            _ => JsonRecords.Read(name, text, Most),
        };

        Assert.InRange(records.Count(), Most, 2 * Most);
    }

    [Fact]
    public void Read_OfMoreJobsThanABatchHas_IsRefused()
    {
        var problem = Assert.Throws<InvalidRequestException>(() => Read("jobs.jsonl", string.Concat(Enumerable.Repeat("{}\n", 100_001))));

        Assert.Contains("holds more than 100000 jobs", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfJsonLines_TakesEveryField()
    {
        var entry = Assert.Single(
            Read(
                "jobs.jsonl",
                """{"prompt": "一 \"a\"", "negative": "n", "size": "64x32", "frames": 17, "fps": 8, "steps": 4, "guidance": 4.5, """
                    + """ "guidance_high": 3, "sampler": "euler", "shift": 3, "seed": """
                    + """18446744073709551615, "image": "a.png", "last_image": "b.png", """
                    + """ "style": "水墨", "priority": -2, "cache": false, "output": "x.gif", "seconds": null}"""
            )
        );

        var expected = new JobRequest
        {
            Prompt = "一 \"a\"",
            NegativePrompt = "n",
            Width = 64,
            Height = 32,
            Frames = 17,
            Fps = 8,
            Steps = 4,
            GuidanceScale = 4.5f,
            HighNoiseGuidanceScale = 3,
            Sampler = "euler",
            Shift = 3,
            Seed = ulong.MaxValue,
            Images = entry.Request.Images,
        };
        Assert.Equal(
            new BatchEntry
            {
                Line = 1,
                Request = expected,
                Style = "水墨",
                Priority = -2,
                UseCache = false,
                Output = "x.gif",
                Fields = entry.Fields,
            },
            entry
        );
        Assert.Equal([(0, _folder["a.png"]), (-1, _folder["b.png"])], entry.Request.Images.Select(image => (image.Key, image.Value)));
    }

    [Fact]
    public void Read_OfCsv_TakesQuotesLineEndsAndEmptyCells()
    {
        var entries = Read("jobs.csv", "\uFEFFprompt,seed,style\r\n\"a, \"\"b\"\"\nc\",7,\r\n\r\nd,,ink");

        Assert.Equal(
            [(2, "a, \"b\"\nc", 7UL, null), (5, "d", (ulong?)null, "ink")],
            entries.Select(entry => (entry.Line, entry.Request.Prompt, entry.Request.Seed, entry.Style))
        );
    }

    [Fact]
    public void Read_WithAPriority_GivesItToLinesThatSayNone()
    {
        File.WriteAllText(_folder["jobs.jsonl"], "{\"prompt\": \"a\"}\n{\"prompt\": \"b\", \"priority\": 0}\n");
        File.WriteAllText(_folder["prompts.txt"], "a\n");
        var defaults = new JobRequest { Prompt = "" };

        Assert.Equal([7, 0], BatchFile.Read(_folder["jobs.jsonl"], defaults, priority: 7).Select(entry => entry.Priority));
        Assert.Equal([7], BatchFile.ReadPrompts(_folder["prompts.txt"], [], [0], defaults, priority: 7).Select(entry => entry.Priority));
    }

    [Theory]
    [InlineData("{\"promt\": \"a\"}", "Did you mean prompt?")]
    [InlineData("{\"prompt\": \"a\"", "not JSON")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("{\"prompt\": \"a\",}", "contains a trailing comma at the end.")]
    [InlineData("{\"prompt\": \"a\"} {\"prompt\": \"b\"}", "after a single JSON")]
    [InlineData("{\"prompt\": \"a\", \"Prompt\": \"b\"}", "'Prompt' occurs twice")]
    [InlineData("{\"prompt\": \"a\", \"size\": \"64x64\", \"width\": 32}", "both size and width")]
    [InlineData("{\"prompt\": \"a\", \"image\": \"a\\u0000.png\"}", "NUL")]
    [InlineData("{\"prompt\": \"a\", \"image\": \"\"}", "The image is empty")]
    [InlineData("{\"prompt\": \"a\", \"image\": \"https://example.com/a.png\"}", "it is an address")]
    [InlineData("{\"prompt\": [\"a\"]}", "takes a text")]
    [InlineData("{\"seed\": 1}", "no prompt")]
    [InlineData("{\"prompt\": \"a\", \"seed\": -2}", "from 0 to 18446744073709551615")]
    [InlineData("{\"prompt\": \"a\", \"steps\": 4.5}", "whole number")]
    [InlineData("{\"prompt\": \"a\", \"steps\": 1e400}", "whole number")]
    [InlineData("{\"prompt\": \"a\", \"size\": \"64\"}", "WIDTHxHEIGHT")]
    [InlineData("{\"prompt\": \"a\", \"cache\": \"maybe\"}", "true or false")]
    [InlineData("{\"prompt\": \"a\", \"priority\": 1001}", "outside")]
    [InlineData("{\"prompt\": \"\\ud800\"}", "JSON")]
    public void Read_OfABadLine_SaysWhichAndWhy(string line, string expected)
    {
        var entries = Read("jobs.jsonl", $"{{\"prompt\": \"good\"}}\n\n{line}\n{{\"prompt\": \"good\"}}");

        Assert.Equal([1, 3, 4], entries.Select(entry => entry.Line));
        Assert.Null(entries[0].Problem);
        Assert.Contains(expected, entries[1].Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(3, entries[1].Problem!.Line);
        Assert.Null(entries[2].Problem);
    }

    [Fact]
    public void Read_OfAnythingAtAll_NeverThrowsWhatIsNotMeant()
    {
        var random = new Random(1);
        var letters = "{}[]\",;:\\\n\r\taprompt1-.e\uFFFD一".ToCharArray();
        for (var i = 0; i < 500; i++)
        {
            var text = new string(random.GetItems(letters, random.Next(1, 60)));
            foreach (var name in (string[])["fuzz.jsonl", "fuzz.csv", "fuzz.txt"])
            {
                try
                {
                    Read(name, text);
                }
                catch (InvalidRequestException)
                {
                    // It holds no job.
                }
            }
        }
    }

    [Fact]
    public void Read_OfCsvWithAQuoteThatIsNotClosed_NamesTheLineWhereItBegins()
    {
        var entries = Read("jobs.csv", "prompt,seed\ngood,1\n\"bad,2\ngood,3\n");

        Assert.Equal([2, 3], entries.Select(entry => entry.Line));
        Assert.Null(entries[0].Problem);
        Assert.Contains("quote is not closed", entries[1].Problem!.Message, StringComparison.Ordinal);
        Assert.Equal("3:1", entries[1].Problem!.Place);
    }

    [Theory]
    [InlineData("jobs.txt", "a", "not a file of jobs")]
    [InlineData("jobs.xlsx", "a", "workbook")]
    [InlineData("jobs.jsonl", "\n\n", "holds no job")]
    [InlineData("jobs.csv", "prompt", "holds no job")]
    public void Read_OfAFileWithoutJobs_SaysSo(string name, string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(() => Read(name, text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OfBytesThatAreNoText_SaysSo()
    {
        File.WriteAllBytes(_folder["jobs.jsonl"], [0x7B, 0xFF, 0xFE]);

        Assert.Contains(
            "UTF-8",
            Assert.Throws<InvalidRequestException>(() => BatchFile.Read(_folder["jobs.jsonl"], new JobRequest { Prompt = "" })).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[\"a cat\", \"a dog\"]")]
    [InlineData("[\n  {\n    \"prompt\": \"a cat\"\n  }\n]\n")]
    [InlineData("{\n  \"prompts\": [\"a cat\"]\n}\n")]
    public void ReadPrompts_OfJson_IsRefused(string text)
    {
        File.WriteAllText(_folder["prompts.txt"], text);

        var error = Assert.Throws<InvalidRequestException>(() =>
            BatchFile.ReadPrompts(_folder["prompts.txt"], [], [0], new JobRequest { Prompt = "" })
        );
        Assert.Contains("not one prompt per line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadPrompts_CombinesPromptsStylesAndSeeds()
    {
        File.WriteAllText(_folder["prompts.txt"], "a\n# no\n\n b \n");

        var entries = BatchFile.ReadPrompts(_folder["prompts.txt"], ["ink", "anime"], [0, 1], new JobRequest { Prompt = "", Steps = 4 });

        Assert.Equal(
            ["a ink 0", "a ink 1", "a anime 0", "a anime 1", "b ink 0", "b ink 1", "b anime 0", "b anime 1"],
            entries.Select(entry => $"{entry.Request.Prompt} {entry.Style} {entry.Request.Seed}")
        );
        Assert.All(entries, entry => Assert.Equal(4, entry.Request.Steps));
        Assert.Equal(4, entries[^1].Line);
    }

    [Theory]
    [InlineData("7", "7")]
    [InlineData("0..3", "0 1 2 3")]
    [InlineData("1,5,10..11", "1 5 10 11")]
    [InlineData("18446744073709551615..18446744073709551615", "18446744073709551615")]
    [InlineData("random", "drawn")]
    [InlineData("random:3,7", "drawn drawn drawn 7")]
    [InlineData("-1", "drawn")]
    public void Seeds_AsWritten_AreRead(string text, string expected)
    {
        Assert.True(SeedRange.TryParse(text, out var seeds, out _));
        Assert.Equal(expected, string.Join(' ', seeds.Select(seed => seed?.ToString(CultureInfo.InvariantCulture) ?? "drawn")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("3..1")]
    [InlineData("1..2..3")]
    [InlineData("-2")]
    [InlineData("random:0")]
    [InlineData("random:x")]
    [InlineData("0..18446744073709551615")]
    [InlineData("0..99999,5")]
    public void Seeds_ThatAreNone_AreRefused(string text)
    {
        Assert.False(SeedRange.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("../a.mp4")]
    [InlineData("a/b.mp4")]
    [InlineData(".hidden.mp4")]
    [InlineData("a.txt")]
    [InlineData("a")]
    [InlineData("a-%04d.png")]
    [InlineData("a:b.mp4")]
    [InlineData("a\nb.mp4")]
    [InlineData("nul.mp4")]
    [InlineData("com¹.mp4")]
    [InlineData("LPT³.webm")]
    [InlineData("conin$.mp4")]
    [InlineData(
        "长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长.mp4"
    )]
    public void AnOutput_ThatIsNoPlainName_IsRefused(string name) => Assert.Throws<InvalidRequestException>(() => ArtifactName.Check(name));

    [Fact]
    public void AnOutput_OfAJob_SaysItsPlacePromptStyleAndSeed()
    {
        Assert.Equal("0003-a-red-circle-ink-7.mp4", ArtifactName.For(3, "A red, circle!", "ink", 7, ".mp4"));
        Assert.Equal("10000-一个红色-0.webm", ArtifactName.For(10000, "一个红色…", null, 0, ".webm"));
        Assert.Equal("0001-0.mp4", ArtifactName.For(1, "!?/..", null, 0, ".mp4"));
        Assert.InRange(
            Encoding.UTF8.GetByteCount(ArtifactName.For(99999, new string('长', 200), new string('风', 200), ulong.MaxValue, ".webm")),
            100,
            ArtifactName.MostBytes
        );
        Assert.Equal("0001-a-cat.mp4", ArtifactName.For(1, "a cat", null, null, ".mp4"));
    }

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<BatchEntry> Read(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return BatchFile.Read(_folder[name], new JobRequest { Prompt = "" });
    }
}
