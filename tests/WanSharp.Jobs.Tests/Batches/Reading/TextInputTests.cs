using System.Text;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Batches.Reading;

public sealed class TextInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Decode_OfTextWithAMark_LeavesTheMarkOut(string name)
    {
        var encoding = Encoding.GetEncoding(name);

        Assert.Equal("红 é", TextInput.Decode([.. encoding.GetPreamble(), .. encoding.GetBytes("红 é")], "standard input"));
    }

    [Fact]
    public void Decode_OfAFileOfDos_LeavesItsEndOut() => Assert.Equal("a\r\n", TextInput.Decode("a\r\n\u001A"u8, "jobs.csv"));

    [Fact]
    public void Decode_OfOtherBytes_NamesThePlaceAndTheWayOut()
    {
        AssertRefused(Encoding.Latin1.GetBytes("good\nwhere is the café"), "it:2:17", "save it as UTF-8");
        AssertRefused(Encoding.Unicode.GetBytes("a red circle"), "it:1:2", "UTF-16 without a byte order mark");
        AssertRefused("good\r\nba\0d"u8.ToArray(), "it:2:3", "NUL");
        AssertRefused([.. "PK\u0003\u0004"u8, 0, 0xFF], "it:1:", "workbook");
        AssertRefused([0xFF, 0xFE, 0x61, 0x00, 0x00, 0xD8, 0x61, 0x00], "it:1:2", "UTF-16");
        AssertRefused("a\n\u001b$B@V$$1_\u001b(B"u8.ToArray(), "it:2:1", "ISO-2022-JP");
        AssertRefused("a ~{:lI+T2PN~}"u8.ToArray(), "it:1:3", "HZ");
        AssertRefused("a \u001b[31mred\u001b[0m ball"u8.ToArray(), "it:1:3", "terminal");
        AssertRefused("a\u0008b"u8.ToArray(), "it:1:2", "U+0008");
        AssertRefused("a\u0091b\u0092"u8.ToArray(), "it:1:2", "U+0091");
        AssertRefused("a\n\uFEFFb"u8.ToArray(), "it:2:1", "U+FEFF");

        static void AssertRefused(byte[] bytes, string place, string expected)
        {
            var message = Assert.Throws<InvalidRequestException>(() => TextInput.Decode(bytes, "it")).Message;
            Assert.StartsWith(place, message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a\rb\rc")]
    [InlineData("a\nb\nc\n")]
    [InlineData("a\r\nb\r\nc\r\n")]
    [InlineData("a\nb\r\n\rc")]
    public void ReadPrompts_OfAnyLineEnds_ReadsAPromptALine(string text)
    {
        File.WriteAllText(_folder["prompts.txt"], text);

        Assert.Equal(
            ["a", "b", "c"],
            BatchFile.ReadPrompts(_folder["prompts.txt"], [], [], new JobRequest { Prompt = "" }).Select(entry => entry.Request.Prompt)
        );
    }

    [Theory]
    [InlineData("prompt,seed\na,7\n")]
    [InlineData("sep=;\nprompt;seed\na;7\n")]
    [InlineData("{\"prompt\": \"a\"}\n")]
    public void ReadPrompts_OfAFileOfJobs_SaysSo(string text)
    {
        File.WriteAllText(_folder["prompts.txt"], text);

        Assert.Contains(
            "leave out --prompts",
            Assert
                .Throws<InvalidRequestException>(() =>
                    BatchFile.ReadPrompts(_folder["prompts.txt"], [], [], new JobRequest { Prompt = "" })
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("p.csv", "prompt\na\n")]
    [InlineData("p.txt", "prompt\na\n")]
    [InlineData("p.csv", "\"Prompt\"\r\n\"a, b\"\r\n")]
    [InlineData("p.tsv", "# mine\n\nPROMPT\na\n")]
    [InlineData("p.txt", "prompts\na\n")]
    [InlineData("p.csv", "caption\na\n")]
    [InlineData("p.csv", "seed\n7\n")]
    [InlineData("p.txt", "caption,seed\na,7\n")]
    [InlineData("p.csv", "sep=;\nprompt\na\n")]
    public void ReadPrompts_OfATableWithAName_SaysSo(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        var error = Assert.Throws<InvalidRequestException>(() => Prompts(name));
        Assert.Contains("leave out --prompts", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p.csv", "\"a, \"\"b\"\" and c\"\r\nd\r\n# no\r\n\"e\nf\"\r\n", "a, \"b\" and c", "d", "e\nf")]
    [InlineData("p.csv", "a 12\" ruler\n\"#1 of all\"\n", "a 12\" ruler", "#1 of all")]
    [InlineData("p.csv", "sep=;\na, b\n\"c; d\"\n", "a, b", "c; d")]
    [InlineData("p.csv", "a,,\n\"b\",\n", "a", "b")]
    [InlineData("p.tsv", "a, b; c\n\"d\te\"\n", "a, b; c", "d\te")]
    [InlineData("p.txt", "\"a\", says \"b\"\nc, d -- e\n", "\"a\", says \"b\"", "c, d -- e")]
    [InlineData("p.txt", "3 cats\n1.5 m of rope\n-5 degrees outside\n*star*\n", "3 cats", "1.5 m of rope", "-5 degrees outside", "*star*")]
    [InlineData("p.txt", "a prompt: b\nprompt delivery by bike\n24-7 at work\n", "a prompt: b", "prompt delivery by bike", "24-7 at work")]
    [InlineData("p.txt", "'a' or 'b'\na <b c\nx < y > z\n", "'a' or 'b'", "a <b c", "x < y > z")]
    [InlineData("p.txt", "# a\n##b\n#\n#\tc\n#----\nd\n", "d")]
    [InlineData("p.csv", "\"1. FC Köln plays\"\n\"- b\"\n", "1. FC Köln plays", "- b")]
    public void ReadPrompts_OfATableWithoutAName_ReadsItsCells(string name, string text, params string[] prompts)
    {
        File.WriteAllText(_folder[name], text);
        var entries = Prompts(name);
        Assert.Equal(prompts, entries.Select(entry => entry.Request.Prompt));
        Assert.All(entries, entry => Assert.Null(entry.Problem));
    }

    [Theory]
    [InlineData("p.csv", "a\nb, c\n", "2:1", "several cells")]
    [InlineData("p.csv", "a;7\n", "1:1", "several cells")]
    [InlineData("p.tsv", "a\t7\n", "1:1", "several cells")]
    [InlineData("p.csv", "a\n\"b\" c\n", "2:4", "closing quote")]
    [InlineData("p.csv", "a\n\"b\n", "2:1", "not closed")]
    [InlineData("p.txt", "a\n\"b, c\",\n", "2", "in quotes")]
    [InlineData("p.txt", "a\n]\n", "2", "no words")]
    [InlineData("p.md", "a\n---\n", "2", "no words")]
    [InlineData("p.txt", "a cat --ar 16:9\n", "1", "--ar")]
    [InlineData("p.csv", "a\n--seed=7 a dog\n", "2:1", "--seed")]
    [InlineData("p.txt", "a\n- b\n", "2", "'-'")]
    [InlineData("p.txt", "a\n#1 fan waving a flag\n", "2", "begins with #")]
    [InlineData("p.csv", "a\n#cyberpunk street\n", "2:1", "begins with #")]
    [InlineData("p.txt", "#水墨 a cat\n", "1", "begins with #")]
    [InlineData("p.txt", "a\n2. b\n", "2", "'2.'")]
    [InlineData("p.txt", "(1) a cat\n", "1", "'(1)'")]
    [InlineData("p.txt", "• a cat\n", "1", "'•'")]
    [InlineData("p.txt", "①a cat\n", "1", "'①'")]
    [InlineData("p.txt", "☐ a cat\n", "1", "'☐'")]
    [InlineData("p.md", "* [ ] a cat\n", "1", "'*'")]
    [InlineData("p.txt", "1、一只猫\n", "1", "'1、'")]
    [InlineData("p.txt", "b) a cat\n", "1", "'b)'")]
    [InlineData("p.txt", "> a cat\n", "1", "'>'")]
    [InlineData("p.txt", "a cat\nNegative prompt: blurry\n", "2", "'Negative prompt:'")]
    [InlineData("p.txt", "**Prompt 1:** a cat\n", "1", "'**Prompt 1:'")]
    [InlineData("p.txt", "提示词：一只猫\n", "1", "'提示词：'")]
    [InlineData("p.txt", "a cat\nSteps: 20, Sampler: Euler a\n", "2", "'Steps: 20,'")]
    [InlineData("p.csv", "a\n1. b\n", "2:1", "'1.'")]
    [InlineData("p.txt", "a\n// b\n", "2", "'//'")]
    [InlineData("p.txt", "a\n; b\n", "2", "';'")]
    [InlineData("p.txt", "2️⃣ a cat\n", "1", "'2️⃣'")]
    [InlineData("p.txt", "a cat\tblurry\n", "1", "tab")]
    [InlineData("p.txt", "a\u2028b\n", "1", "U+2028")]
    [InlineData("p.csv", "a\fb\n", "1:1", "U+000C")]
    [InlineData("p.txt", "“a cat”\n", "1", "in quotes")]
    [InlineData("p.txt", "'a cat',\n", "1", "in quotes")]
    [InlineData("p.txt", "<p>a cat</p>\n", "1", "<p>")]
    [InlineData("p.txt", "a\n00:00:01,000 --> 00:00:02,000\n", "2", "-->")]
    public void ReadPrompts_OfATableOfMore_SaysWhere(string name, string text, string place, string problem)
    {
        File.WriteAllText(_folder[name], text);
        var wrong = Prompts(name).Single(entry => entry.Problem is not null).Problem!;
        Assert.Equal(place, wrong.Place);
        Assert.Contains(problem, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p.yaml", "- a\n")]
    [InlineData("p.srt", "1\n00:00:01,000 --> 00:00:02,000\na\n")]
    [InlineData("p.txt", "{\\rtf1 a}")]
    [InlineData("p.txt", "prompts:\n  - a\n")]
    public void ReadPrompts_OfAnotherFormat_IsRefused(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        Assert.Throws<InvalidRequestException>(() => Prompts(name));
    }

    private IReadOnlyList<BatchEntry> Prompts(string name) => BatchFile.ReadPrompts(_folder[name], [], [], new JobRequest { Prompt = "" });

    [Theory]
    [InlineData("[\n  {\n    \"prompt\": \"a\",\n    \"seed\": 7\n  },\n  {\"prompt\": \"b\", \"seed\": \"x\"}\n]")]
    [InlineData("\n{\n    \"prompt\": \"a\",\n    \"seed\": 7\n}\n{\"prompt\": \"b\", \"seed\": \"x\"}\n")]
    [InlineData("\n{\"prompt\": \"a\", \"seed\": 7}\n\n\n\n{\"prompt\": \"b\", \"seed\": \"x\"}\n")]
    public void Read_OfJsonOnAnyLines_FindsTheObjects(string text)
    {
        File.WriteAllText(_folder["jobs.json"], text);

        var entries = BatchFile.Read(_folder["jobs.json"], new JobRequest { Prompt = "" });

        Assert.Equal(
            [("a", 2, null), ("b", 6, "6")],
            entries.Select(entry =>
                (entry.Request.Prompt, entry.Line, entry.Problem?.Line.ToString(System.Globalization.CultureInfo.InvariantCulture))
            )
        );
        Assert.InRange(entries[1].Problem!.Column!.Value, 24, 27);
    }

    public void Dispose() => _folder.Dispose();
}
