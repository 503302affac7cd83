using System.Text;
using WanSharp.Models.Text;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Layout;

/// <summary>The tokenizer that llama.cpp puts into a umT5 GGUF is used, and gives the ids of the file that it was made of.</summary>
public sealed class GgufTokenizerTests : IDisposable
{
    private static readonly string[] Prompts =
    [
        "a red circle moving left",
        "  two   spaces ",
        "一个红色圆形，黑色背景",
        "ﬁne print ½ ①",
        "naïve café",
        "\u0000\u0007 \ud83d\ude00",
        "</s> <pad>",
        "",
    ];

    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_Umt5Gguf_CarriesItsTokenizer()
    {
        _folder.Transformer("unet/wan.gguf");
        _folder.Vae("vae/wan_2.1_vae.safetensors");
        var encoder = Encoder("clip/umt5-xxl-encoder-Q8_0.gguf", Notes());

        using var model = WanModel.Open(_folder.Path);

        Assert.Equal(encoder, model.Parts.Tokenizer);
        var original = SentencePieceTokenizer.Load(TinyNetworks.SpieceModel);
        Assert.Equal(original.VocabularySize, model.Tokenizer.VocabularySize); // without what fills it up
        Assert.All(Prompts, prompt => Assert.Equal(original.Encode(prompt), model.Tokenizer.Encode(prompt)));
        Assert.Equal((original.PadId, original.EosId), (model.Tokenizer.PadId, model.Tokenizer.EosId));
        Assert.Equal(original.UnknownId, model.Tokenizer.UnknownId);
    }

    [Fact]
    public void Find_Umt5GgufWithADamagedTokenizer_SaysSo()
    {
        _folder.Transformer("unet/wan.gguf");
        _folder.Vae("vae/wan_2.1_vae.safetensors");
        var notes = Notes();
        notes["tokenizer.ggml.scores"] = new float[3];
        Encoder("clip/umt5.gguf", notes);
        var message = _folder.Refusal(_folder.Path);
        Assert.Contains("umt5.gguf", message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.ggml.scores", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("plain")]
    [InlineData("spaces")]
    [InlineData("positive")]
    public void ToBytes_OfAModel_IsReadBackAsTheSame(string name)
    {
        var folder = Path.GetDirectoryName(TinyNetworks.SpieceModel)!;
        var model = SentencePieceModel.Parse(File.ReadAllBytes(Path.Combine(folder, $"{name}.model")));
        var again = SentencePieceModel.Parse(model.ToBytes());
        Assert.Equal(Pieces(model), Pieces(again));
        Assert.Equal(model.CharacterMap, again.CharacterMap);
        Assert.Equal(Rules(model), Rules(again));

        static IEnumerable<(string Text, float Score, PieceType Type)> Pieces(SentencePieceModel model) =>
            model.Pieces.Select(piece => (Convert.ToHexString(piece.Text), piece.Score, piece.Type));

        static (bool, bool, bool, bool) Rules(SentencePieceModel model) =>
            (model.ByteFallback, model.AddDummyPrefix, model.RemoveExtraWhitespaces, model.EscapeWhitespaces);
    }

    private string Encoder(string name, IReadOnlyDictionary<string, object> notes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        var tensors = _folder.Networks.Text.ToDictionary(pair => OtherTools.LlamaText(pair.Key), pair => pair.Value);
        OtherFormats.WriteGguf(_folder[name], tensors, notes);
        return _folder[name];
    }

    private static Dictionary<string, object> Notes()
    {
        var model = SentencePieceModel.Parse(File.ReadAllBytes(TinyNetworks.SpieceModel));
        List<(string Text, float Score, int Type)> pieces =
        [
            .. model.Pieces.Select(piece => (Encoding.UTF8.GetString(piece.Text), piece.Score, (int)piece.Type)),
        ];
        pieces.AddRange(Enumerable.Range(pieces.Count, 5).Select(i => ($"[PAD{i}]", -10000f, (int)PieceType.Unused)));
        return new()
        {
            ["general.architecture"] = "t5encoder",
            ["tokenizer.ggml.model"] = "t5",
            ["tokenizer.ggml.tokens"] = pieces.ConvertAll(piece => piece.Text),
            ["tokenizer.ggml.scores"] = pieces.Select(piece => piece.Score).ToArray(),
            ["tokenizer.ggml.token_type"] = pieces.Select(piece => piece.Type).ToArray(),
            ["tokenizer.ggml.add_space_prefix"] = model.AddDummyPrefix,
            ["tokenizer.ggml.remove_extra_whitespaces"] = model.RemoveExtraWhitespaces,
            ["tokenizer.ggml.precompiled_charsmap"] = model.CharacterMap,
        };
    }
}
