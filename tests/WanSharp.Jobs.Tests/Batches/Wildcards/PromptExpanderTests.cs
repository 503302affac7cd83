using WanSharp.Jobs.Batches.Wildcards;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Batches.Wildcards;

public sealed class PromptExpanderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PromptExpander _expander;

    public PromptExpanderTests()
    {
        Directory.CreateDirectory(_folder["animals"]);
        File.WriteAllText(_folder["colors.txt"], "# colours\r\nred # warm\r\n\r\n0::never\r\n// cold\r\nblue // cold\r\n");
        File.WriteAllText(_folder["animals/birds.txt"], "an __colors__ owl\n");
        File.WriteAllText(_folder["animals/cats.txt"], "a {big|small} cat\n");
        File.WriteAllText(_folder["hair color's & more, +1.txt"], "dark\nfair\n");
        File.WriteAllText(_folder["loop.txt"], "__loop__\n");
        File.WriteAllText(_folder["empty.txt"], "# nothing\n");
        File.WriteAllText(_folder["jersey.txt"], "a red jersey #7\n");
        File.WriteAllText(_folder["shirt.txt"], "a shirt \\#7 # with its number\n");
        File.WriteAllText(_folder["slashes.txt"], "a way //home\n");
        File.WriteAllText(_folder["broken.txt"], "good\n{a|b\n");
        File.WriteAllText(
            _folder["animals/collection.yaml"],
            """
            # of Dynamic Prompts' collections
            places: &places
              cold: [ice, "snow: deep"]
              hot:
                - {text: desert, weight: 0}
                - sand # fine
                - 0::lava
            more:
              <<: *places
              ages:
                - 30
            cats:
              - a {wild} cat
            """
        );
        File.WriteAllText(_folder["animals/fish.json"], """["a carp", "a ray"]""");
        File.WriteAllText(_folder["animals/none.yml"], "a: [b\n");
        _expander = new PromptExpander(new WildcardFiles([_folder["nowhere"], _folder.Path]));
    }

    [Fact]
    public void Expand_OfAListOfTwoDocuments_AsksForAnotherName()
    {
        File.WriteAllText(_folder["a.yaml"], "doubled: [x]\nown: [y]\n");
        File.WriteAllText(_folder["b.yml"], "doubled: [z]\n");

        Assert.Equal("y", _expander.Expand("__own__", 0));
        var twice = Assert.Throws<InvalidRequestException>(() => _expander.Expand("__doubled__", 0));
        Assert.Contains($"{_folder["a.yaml"]} and in {_folder["b.yml"]}: rename", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Expand_BesideADocumentThatIsNoText_ReadsTheOthers()
    {
        File.WriteAllText(_folder["half.json"], """{"colors2": ["\ud800 x"]}""");
        File.WriteAllText(
            _folder["bomb.yaml"],
            string.Join(
                '\n',
                Enumerable.Range(0, 31).Select(i => i == 0 ? "a0: &a0 {x: y}" : $"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}")
            )
        );

        Assert.Matches("red|blue", _expander.Expand("__colors__", 0));
        var missing = Assert.Throws<InvalidRequestException>(() => _expander.Expand("__colors2__", 0)).Message;
        Assert.Contains("half of a character", missing, StringComparison.Ordinal);
        Assert.Contains("bomb.yaml is not read", missing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a plain prompt # with /* no choice */ in {it}")]
    [InlineData("a plain prompt, 50% off; a/b (c:1.2) [d] \\(e\\)")]
    [InlineData("a sign that says {OPEN} and ${5}, }{ ____ snake_case _ x _ _ ____ y _____ z")]
    public void Expand_OfTextWithoutChoices_LeavesEveryLetter(string text) => Assert.Equal(text, _expander.Expand(text, 0));

    [Theory]
    [InlineData("a {red|blue|} ball", "a red ball", "a blue ball", "a  ball")]
    [InlineData("{a|{b|c}}", "a", "b", "c")]
    [InlineData("{5::a|0::b}", "a")]
    [InlineData("{2$$a|b}", "a, b", "b, a")]
    [InlineData("{1-2$$ and $$a|b}", "a", "b", "a and b", "b and a")]
    [InlineData("{2-$$ + $$a|b}", "a + b", "b + a")]
    [InlineData("{-2$$+$$a|b}", "a", "b", "a+b", "b+a")]
    [InlineData("{3$$a}", "a, a, a")]
    [InlineData("x __colors__", "x red", "x blue")]
    [InlineData("{2$$__colors__}", "red, blue", "blue, red")]
    [InlineData("__animals/birds__", "an red owl", "an blue owl")]
    [InlineData("__hair color's & more, +1__", "dark", "fair")]
    [InlineData("{x __hair color's & more, +1__|x __colors__}", "x dark", "x fair", "x red", "x blue")]
    [InlineData("__animals/*__", "an red owl", "an blue owl", "a big cat", "a small cat")]
    [InlineData("__places/cold__", "ice", "snow: deep")]
    [InlineData("__places/hot__", "sand")]
    [InlineData("__more/*__", "ice", "snow: deep", "sand", "30")]
    [InlineData("__cats__", "a {wild} cat")]
    [InlineData("__shirt__", "a shirt #7")]
    [InlineData("__fish__", "a carp", "a ray")]
    [InlineData("{~a|b}", "a", "b")]
    [InlineData("\\{a\\|b\\} \\__c__", "{a|b} __c__")]
    [InlineData("{a\\|b|c}", "a|b", "c")]
    [InlineData("{ {x} |y}", " {x} ", "y")]
    public void Expand_OverManySeeds_GivesEachChoiceAndNoOther(string template, params string[] expected) =>
        Assert.Equal(expected.Order(), Enumerable.Range(0, 200).Select(seed => _expander.Expand(template, (ulong)seed)).Distinct().Order());

    [Fact]
    public void Expand_WithTheSameSeed_GivesTheSamePromptForEver()
    {
        const string Template = "a {red|green|blue|white} {circle|square|star} __colors__";

        Assert.Equal(
            "a white circle blue|a green circle blue|a blue circle red",
            string.Join('|', ((ulong[])[0, 1, 18446744073709551615]).Select(seed => _expander.Expand(Template, seed)))
        );
    }

    [Fact]
    public void Expand_ByWeight_ChoosesAsOftenAsItSays()
    {
        var count = Enumerable.Range(0, 4000).Count(seed => _expander.Expand("{3::a|b}", (ulong)seed) == "a");

        Assert.InRange(count, 2850, 3150); // 3000, five standard deviations either way
    }

    [Theory]
    [InlineData("a __nothing__", "no wildcard __nothing__")]
    [InlineData("a __nothing__", "none.yml is not read: line 2:")]
    [InlineData("a {b|c} # note", "leaves a comment out")]
    [InlineData("a __colors__ /* warm */ cat", "leaves a comment out")]
    [InlineData("a __colurs__", "Did you mean colors?")]
    [InlineData("a __hair colour__", "no wildcard __hair colour__")]
    [InlineData("{$$a|b}", "how many options are taken")]
    [InlineData("{a$$b|c}", "how many options are taken")]
    [InlineData("__jersey__", "jersey.txt:1: '#7' may be a comment or part of the option")]
    [InlineData("__slashes__", "slashes.txt:1: '//home' may be a comment or part of the option")]
    [InlineData("__loop__", "contain each other")]
    [InlineData("__empty__", "offers nothing")]
    [InlineData("__broken__", "broken.txt:2:")]
    [InlineData("{a|b", "not closed")]
    [InlineData("{0::a|0::b}", "weight 0")]
    [InlineData("{3-2$$a|b}", "smaller number first")]
    [InlineData("${season={a|b}} in ${season}", "variables")]
    [InlineData("__colors(x=1)__", "parameters")]
    [InlineData("{@a|b}", "sampler '@'")]
    [InlineData("__!colors__", "sampler '!'")]
    public void Expand_OfWhatCannotBeUnderstood_SaysWhy(string template, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<InvalidRequestException>(() => _expander.Expand(template, 0)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Expand_OfAnythingAtAll_EndsInAPromptOrAReason()
    {
        var random = new Random(1);
        var letters = "{}|$-1:_a\\ ~".ToCharArray();
        for (var i = 0; i < 2000; i++)
        {
            try
            {
                _expander.Expand(new string(random.GetItems(letters, random.Next(1, 40))), (ulong)i);
            }
            catch (InvalidRequestException)
            {
                // It is not a template.
            }
        }
    }

    public void Dispose() => _folder.Dispose();
}
