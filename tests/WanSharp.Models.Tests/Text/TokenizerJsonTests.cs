using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Models.Text;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Text;

/// <summary>A <c>tokenizer.json</c> gives the ids of the <c>spiece.model</c> that it was made of, or is refused.</summary>
public sealed class TokenizerJsonTests : IDisposable
{
    private const int MutatedFiles = 5000;

    // A refusal of a file of 4 KB, its stack trace and JSON nodes included.
    private const long MostAllocated = 512 << 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Encode_EveryCaseOfTheFixture_GivesTheIdsOfTheModel()
    {
        var spiece = TestData("fixtures/tokenizer/spiece.model");
        var tokenizer = Load(TokenizerJsonFile.Of(spiece));
        var expected = SentencePieceTokenizer.Load(spiece);
        Assert.Equal(
            (expected.PadId, expected.EosId, expected.UnknownId, expected.VocabularySize),
            (tokenizer.PadId, tokenizer.EosId, tokenizer.UnknownId, tokenizer.VocabularySize)
        );
        using var cases = JsonDocument.Parse(File.ReadAllText(TestData("fixtures/tokenizer/cases.json")));
        Assert.All(
            cases.RootElement.EnumerateArray(),
            item =>
                Assert.Equal(
                    item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()),
                    tokenizer.Encode(item.GetProperty("text").GetString()!)
                )
        );
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("plain")]
    [InlineData("spaces")]
    public void Encode_SmallModel_GivesTheIdsOfTheModel(string model)
    {
        var tokenizer = Load(TokenizerJsonFile.Of(TestData($"tokenizers/{model}.model")));
        var expected = SentencePieceTokenizer.Load(TestData($"tokenizers/{model}.model"));
        using var cases = JsonDocument.Parse(File.ReadAllText(TestData("tokenizers/cases.json")));
        var texts = cases
            .RootElement.GetProperty(model)
            .EnumerateArray()
            .Select(item => item.GetProperty("text").GetString()!)
            .Where(text => !(model == "spaces" && text.Contains("  ", StringComparison.Ordinal)));
        Assert.All(texts, text => Assert.Equal(expected.Encode(text), tokenizer.Encode(text)));
    }

    [Fact]
    public void Load_WithoutByteFallback_LooksForTheBytePieces()
    {
        var bytes = TestData("tokenizers/bytes.model");
        var json = TokenizerJsonFile.Of(bytes);
        json["model"]!.AsObject().Remove("byte_fallback");
        Assert.Equal(SentencePieceTokenizer.Load(bytes).Encode("😀"), Load(json).Encode("😀"));

        json = TokenizerJsonFile.Of(TestData("tokenizers/plain.model"));
        json["model"]!.AsObject().Remove("byte_fallback");
        Assert.Contains(Load(json).UnknownId, Load(json).Encode("😀"));
    }

    [Theory]
    [InlineData("""{"model":{"type":"BPE","vocab":{}}}""", "Unigram")]
    [InlineData("""{"model":{"type":"Unigram","vocab":{}}}""", "StartArray is expected")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a"]]}}""", "Number is expected")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["",0]]}}""", "empty")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",0]]}}""", "lacks the Unknown piece")]
    [InlineData("""{"added_tokens":[{}]}""", "damaged")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"?"}}""", "damaged")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["\ud800",0]]}}""", "damaged")]
    [InlineData("""[]""", "StartObject is expected")]
    [InlineData("""{"model":""", "damaged")]
    [InlineData("", "damaged")]
    [InlineData("""{} {}""", "damaged")]
    public void Load_WhatIsNone_SaysWhatIsWrong(string text, string expected)
    {
        File.WriteAllText(_folder["tokenizer.json"], text);
        var error = Assert.Throws<InvalidDataException>(() => SentencePieceTokenizer.Load(_folder["tokenizer.json"]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["tokenizer.json"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_MutatedFile_WorksOrIsRefused()
    {
        var random = new Random(3);
        var valid = Encoding.UTF8.GetBytes(TokenizerJsonFile.Of(TestData("tokenizers/plain.model")).ToJsonString());
        Assert.True(IsUsable(valid));
        var refused = 0;
        for (var i = 0; i < MutatedFiles; i++)
        {
            var bytes = random.Next(4) == 0 ? valid[..random.Next(valid.Length)] : valid.ToArray();
            for (var flips = random.Next(1, 9); flips > 0 && bytes.Length > 0; flips--)
            {
                var (at, other) = (random.Next(bytes.Length), random.Next(bytes.Length));
                bytes[at] = random.Next(2) == 0 ? bytes[other] : (byte)random.Next(256);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            refused += IsUsable(bytes) ? 0 : 1;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }

        Assert.InRange(refused, MutatedFiles / 2, MutatedFiles - 1); // both ways are taken
    }

    private static bool IsUsable(byte[] bytes)
    {
        try
        {
            return TokenizerJson.Parse(bytes).Pieces.Count > 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private SentencePieceTokenizer Load(JsonObject json)
    {
        File.WriteAllText(_folder["tokenizer.json"], json.ToJsonString());
        return SentencePieceTokenizer.Load(_folder["tokenizer.json"]);
    }

    private static string TestData(string path) => Path.Combine(AppContext.BaseDirectory, path);
}
