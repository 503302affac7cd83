using WanSharp.Models.Documents;

namespace WanSharp.Models.Tests.Documents;

/// <summary>YAML as PyYAML reads it, every value as the text that stands there; whatever else comes is refused with its line.</summary>
public sealed class YamlDocumentTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("# nothing", null)]
    [InlineData("a: 1", "{a=1}")]
    [InlineData("a: b # c\r\nd: 'e # f'\r\n", "{a=b,d=e # f}")]
    [InlineData("a:\n- b\n- \"c\\td\"\n-\n- ~\n- no", "{a=[b,c\td,,,no]}")]
    [InlineData("a: |\n  b\n  c\nd: >\n  e\n  f\n", "{a=b\nc\n,d=e f\n}")]
    [InlineData("{a: [b, c], d: {}}", "{a=[b,c],d={}}")]
    [InlineData("a: &x [b]\nc: *x", "{a=[b],c=[b]}")]
    [InlineData("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3", "{a={b=1,c=2},d={c=3,b=1}}")]
    [InlineData("a: 1\na: 2", "{a=2}")]
    [InlineData("!!python/object:os.system [a]", "[a]")]
    public void Read_OfADocument_GivesItsTexts(string text, string? expected) =>
        Assert.Equal(expected, YamlDocument.Read(text) is { } node ? Written(node) : null);

    [Theory]
    [InlineData("a: [b\n", "line 2")]
    [InlineData("a: b: c", "line 1")]
    [InlineData("a:\n\tb: c", "line 1")]
    [InlineData("a: *x", "line 1: nothing is called")]
    [InlineData("a: 1\n---\nb: 2", "line 2: a second document")]
    [InlineData("[a]: 1", "line 1: a name is a text")]
    [InlineData("a: &x\n  b: *x", "nothing is called")]
    public void Read_OfWhatIsNone_NamesTheLine(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => YamlDocument.Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OfAnythingAtAll_EndsInADocumentOrARefusal()
    {
        var random = new Random(1);
        string[] parts =
        [
            "a",
            ": ",
            "- ",
            "\n",
            "  ",
            "[",
            "]",
            "{",
            "}",
            "&x ",
            "*x",
            "|",
            ">",
            "\"",
            "'",
            "\\",
            "#",
            "!",
            "? ",
            "---",
            "\t",
            "<<",
        ];
        for (var i = 0; i < 3000; i++)
        {
            var text = string.Concat(random.GetItems(parts, random.Next(1, 30)));
            var refused = Record.Exception(() => YamlDocument.Read(text));
            Assert.True(refused is null or InvalidDataException, $"{text}: {refused}");
        }

        Assert.Throws<InvalidDataException>(() => YamlDocument.Read(new string('[', 100_000)));
    }

    private static string Written(DocumentNode node) =>
        node switch
        {
            DocumentNode.Text text => text.Value,
            DocumentNode.List list => $"[{string.Join(',', list.Items.Select(Written))}]",
            DocumentNode.Map map => $"{{{string.Join(',', map.Entries.Select(entry => $"{entry.Key}={Written(entry.Value)}"))}}}",
            _ => "",
        };
}
