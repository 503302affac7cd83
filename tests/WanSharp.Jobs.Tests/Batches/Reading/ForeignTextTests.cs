using System.Text.Json;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Batches.Reading;

/// <summary>
/// Prompts and other texts of files: those that people write pass, those that a program spoiled are refused with their place.
/// </summary>
public sealed class ForeignTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Spoiled =>
        new()
        {
            { "---", "no words" },
            { "...", "no words" },
            { "'a red circle'", "in quotes" },
            { "“a red circle”", "in quotes" },
            { "\"a red circle\"", "in quotes" },
            { "b'a red circle'", "in quotes" },
            { "=\"a red circle\"", "begins with =" },
            { "=A1&\" running\"", "begins with =" },
            { "'@alice walks", "begins with '@" },
            { "'=a sum", "begins with '=" },
            { "'-5 degrees", "begins with '-" },
            { "['a cat', 'a dog']", "a list or a record" },
            { "[\"a cat\"]", "a list or a record" },
            { "('a cat',)", "a list or a record" },
            { "('a cat', 'a dog')", "a list or a record" },
            { "{'text': 'a cat'}", "a list or a record" },
            { "{\"text\": \"a cat\"}", "a list or a record" },
            { "{\"prompt\": \"a cat\", \"seed\": 7}", "a list or a record" },
            { "#WERT!", "spreadsheet's error" },
            { "#¿NOMBRE?", "spreadsheet's error" },
            { "#ЗНАЧ!", "spreadsheet's error" },
            { "#NV", "spreadsheet's error" },
            { "Err:502", "spreadsheet's error" },
            { "[object Object]", "no text" },
            { "NULL", "no text" },
            { "nan", "no text" },
            { "\\N", "no text" },
            { "<p>a <b>cat</b></p>", "<p>" },
            { "a cat<br>a dog", "<br>" },
            { "a cat --seed 5", "--seed" },
            { "a cat --ar 16:9", "--ar" },
            { "a cat --unheard-of 0.5", "--unheard-of" },
            { "! {Subject}=\"a cat\",\"a dog\"", "Wan2GP" },
            { "a caf=C3=A9 at night", "quoted-printable" },
            { "a long line that was folded by a mail program because it has too many=", "quoted-printable" },
            { "a caf+AOk- at night", "UTF-7" },
            { "a caf\\u00e9 at night", "\\u00e9" },
            { "a caf\\xe9 at night", "\\xe9" },
            { "a cat\\nsits", "\\n" },
            { "a cat\\t sits", "\\t" },
            { "a%20red%20circle", "%20" },
        };

    [Theory]
    [MemberData(nameof(Spoiled))]
    public void Read_OfAPromptThatAProgramSpoiled_RefusesIt(string prompt, string expected)
    {
        foreach (
            var (name, text, place) in new[]
            {
                ("a.csv", $"seed,prompt\n7,\"{prompt.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n", "2:3"),
                ("a.jsonl", $"{{\"seed\": 7, \"prompt\": {JsonSerializer.Serialize(prompt)}}}\n", "1:23"),
            }
        )
        {
            var problem = Assert.Single(Read(name, text)).Problem;
            Assert.Equal(place, problem?.Place);
            Assert.Contains(expected, problem!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a sign that says \"OPEN\" and 'CLOSED'")]
    [InlineData("\"Hello\" says the fox, \"goodbye\" the dog")]
    [InlineData("'Tis the season, dogs 'n' cats")]
    [InlineData("'@home' is written over the door")]
    [InlineData("(red:1.2) car, [dog|cat], ((masterpiece))")]
    [InlineData("(\"Hello World\":1.3) in neon")]
    [InlineData("[\"red\"|\"blue\"] car")]
    [InlineData("{\"a cat\"|\"a dog\"} runs")]
    [InlineData("a shrug ¯\\_(ツ)_/¯ and \\{braces\\}")]
    [InlineData("{2$$red|blue} __animals__ on a {bench|mat}")]
    [InlineData("一只猫在草地上奔跑，电影感")]
    [InlineData("кот сидит на окне")]
    [InlineData("قطة تجلس على النافذة")]
    [InlineData("बिल्ली दौड़ रही है")]
    [InlineData("🐱🏃‍♀️")]
    [InlineData("❤️")]
    [InlineData("猫")]
    [InlineData("7")]
    [InlineData("who's there? what??? a man looks around")]
    [InlineData("a <sks> dog <lora:style:0.8>")]
    [InlineData("a heart <3 and x < y > z")]
    [InlineData("red + blue = purple; C++ on a screen, neo+geo-metric")]
    [InlineData("a blackboard with 2+2=")]
    [InlineData("noir, None of them looks up")]
    [InlineData("-5 degrees outside, +3 inside, @ the sea")]
    [InlineData("she says \"wait--stop\" -- then leaves")]
    [InlineData("the man --slowly-- walks, a cat --then a dog, and --finally")]
    [InlineData("{\"scene\": \"a harbour at dusk\", \"camera\": {\"move\": \"pan left\"}}")]
    [InlineData("a poster: #1 FAN!")]
    [InlineData("a & b; caf\u00e9, na\u00efve \u2026 \u00ables yeux\u00bb")]
    public void Read_OfAPromptThatPeopleWrite_TakesItAsItIs(string prompt)
    {
        Assert.Equal(prompt, Assert.Single(Read("a.jsonl", $"{{\"prompt\": {JsonSerializer.Serialize(prompt)}}}\n")).Request.Prompt);
        var table = $"prompt,seed\n\"{prompt.Replace("\"", "\"\"", StringComparison.Ordinal)}\",7\n";
        var entry = Assert.Single(Read("a.csv", table));
        Assert.Equal((prompt, null), (entry.Request.Prompt, entry.Problem));
    }

    /// <summary>A text of a stranger takes no longer because of how it is written.</summary>
    [Fact]
    public void Read_OfAnyText_TakesNoTimeToSpeakOf()
    {
        const int Length = 64 * 1024;
        string[] starts =
        [
            "",
            "[\"",
            "('",
            "('a', \"",
            "{'a':",
            "{\"a\":",
            "\"",
            "'",
            "“",
            "=",
            "! {",
            "+",
            "<a ",
            "--",
            "#A",
            "=C3",
            "a+",
        ];
        string[] fills =
        [
            "\\",
            " ",
            "+",
            "'",
            "\"",
            "\\'",
            "\" ",
            ",",
            "a",
            "A",
            "<",
            "<a ",
            "-",
            "--a ",
            "=",
            "{",
            ")",
            "'a', ",
            "=C3=",
            "+A",
        ];
        var began = TimeProvider.System.GetTimestamp();

        foreach (var (start, fill) in starts.SelectMany(start => fills.Select(fill => (start, fill))))
        {
            ForeignText.ProblemOf(start + string.Concat(Enumerable.Repeat(fill, Length / fill.Length)));
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30)); // days, before
    }

    [Theory]
    [InlineData("negative", "nan")]
    [InlineData("negative", "'blurry'")]
    [InlineData("output", "nan")]
    [InlineData("image", "None")]
    [InlineData("style", "null")]
    public void Read_OfAnotherFieldThatAProgramSpoiled_RefusesIt(string field, string value) =>
        Assert.Equal("2:7", Assert.Single(Read("a.csv", $"prompt,{field}\na cat,{value}\n")).Problem?.Place);

    /// <summary>As a negative prompt it is what people write for none.</summary>
    [Theory]
    [InlineData("None")]
    [InlineData("n/a")]
    [InlineData("NULL")]
    public void Read_OfANegativePromptThatSaysNone_TakesIt(string value) =>
        Assert.Null(Assert.Single(Read("a.csv", $"prompt,negative\na cat,{value}\n")).Problem);

    [Fact]
    public void Read_OfAPromptThatACommaCut_RefusesIt()
    {
        var problem = Assert.Single(Read("a.csv", "prompt,negative\na cat, sitting,\n")).Problem;
        Assert.Contains("put text with commas in quotes", problem?.Message, StringComparison.Ordinal);
        Assert.Null(Assert.Single(Read("a.csv", "prompt,negative,\na cat,sitting,\n")).Problem);
        Assert.NotNull(Assert.Single(Read("a.csv", "prompt,seed\nParis,1900,\n")).Problem);
        Assert.Null(Assert.Single(Read("a.csv", "prompt,seed\n\"a cat\",7,\n")).Problem);
    }

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<BatchEntry> Read(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return BatchFile.Read(_folder[name], new JobRequest { Prompt = "" });
    }
}
