using System.Text.Json;
using WanSharp.Models.Text;

namespace WanSharp.Models.Tests.Text;

public class SentencePieceTokenizerTests
{
    private static readonly SentencePieceTokenizer Tokenizer = SentencePieceTokenizer.Load(TestData("fixtures/tokenizer/spiece.model"));

    [Fact]
    public void Encode_EveryCaseOfTheFixture_GivesItsIds()
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(TestData("fixtures/tokenizer/cases.json")));
        Assert.True(cases.RootElement.GetArrayLength() > 100);
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var cleaned = PromptCleaner.Tidy(text);
            AssertIds(item, "ids", Tokenizer.Encode(text));
            AssertIds(item, "ids_trunc64", Tokenizer.Encode(text, 64));
            AssertIds(item, "ids_trunc512", Tokenizer.Encode(text, 512));
            AssertIds(item, "clean_ids", Tokenizer.Encode(cleaned));
            Assert.Equal(item.TryGetProperty("clean", out var clean) ? clean.GetString() : text, cleaned);
        }
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("plain")]
    [InlineData("spaces")]
    [InlineData("positive")]
    public void Encode_SmallModel_GivesTheIdsOfSentencePiece(string model)
    {
        var tokenizer = SentencePieceTokenizer.Load(TestData($"tokenizers/{model}.model"));
        using var cases = JsonDocument.Parse(File.ReadAllText(TestData("tokenizers/cases.json")));
        foreach (var item in cases.RootElement.GetProperty(model).EnumerateArray())
        {
            var ids = tokenizer.Encode(item.GetProperty("text").GetString()!);
            Assert.Equal(tokenizer.EosId, ids[^1]);
            AssertIds(item, "ids", ids[..^1]);
        }
    }

    [Fact]
    public void Load_Fixture_KnowsItsVocabulary()
    {
        Assert.Equal((0, 1, 2, 800), (Tokenizer.PadId, Tokenizer.EosId, Tokenizer.UnknownId, Tokenizer.VocabularySize));
        Assert.Equal("bb682890f7a5fb2a840e20183eb7f9bcfbc3430b3ea3ba8b1d947d3b12b83b16", Tokenizer.Digest);
    }

    [Fact]
    public void Encode_MaxLength_KeepsTheEndMark()
    {
        var whole = Tokenizer.Encode("a cat walks slowly");
        Assert.Equal([.. whole[..2], Tokenizer.EosId], Tokenizer.Encode("a cat walks slowly", 3));
        Assert.Equal([Tokenizer.EosId], Tokenizer.Encode("a cat walks slowly", 1));
        Assert.Equal(whole, Tokenizer.Encode("a cat walks slowly", whole.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Encode("a", 0));
    }

    [Fact]
    public void Encode_LoneSurrogates_CountAsReplacementCharacters()
    {
        Assert.Equal(Tokenizer.Encode("a\uFFFDb"), Tokenizer.Encode("a\uD800b"));
        Assert.Equal(Tokenizer.Encode("a\uFFFD"), Tokenizer.Encode("a\uDC00"));
        Assert.Equal(Tokenizer.Encode("\uFFFD\uFFFDb"), Tokenizer.Encode("\uDE00\uD83Db"));
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("一个红色圆形")]
    [InlineData("\u0301")]
    public void Encode_AMillionCharacters_Ends(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 1_000_000 / part.Length));
        var ids = Tokenizer.Encode($"a {text} cat"); // in quadratic time it would take hours
        Assert.Equal(Tokenizer.Encode("a")[0], ids[0]);
        Assert.Equal(Tokenizer.Encode("cat"), ids[^2..]);
    }

    private static string TestData(string path) => Path.Combine(AppContext.BaseDirectory, path);

    private static void AssertIds(JsonElement item, string property, int[] actual)
    {
        if (item.TryGetProperty(property, out var expected))
        {
            Assert.True(
                expected.EnumerateArray().Select(id => id.GetInt32()).SequenceEqual(actual),
                $"{item.GetProperty("text").GetRawText()}: {property} {expected.GetRawText()}, not [{string.Join(", ", actual)}]."
            );
        }
    }
}
