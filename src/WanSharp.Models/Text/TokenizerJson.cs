using System.Text;
using System.Text.Json;

namespace WanSharp.Models.Text;

/// <summary>Reads the SentencePiece model inside a <c>tokenizer.json</c>, the file of Hugging Face's tokenizers.</summary>
/// <remarks>
/// It has the same pieces, scores and character map; the roles of pieces and the rules of white space are told from
/// <c>added_tokens</c>, <c>normalizer</c> and <c>pre_tokenizer</c>, as huggingface/transformers:src/transformers/convert_slow_tokenizer.py
/// (SpmConverter) writes them. Unused pieces are not marked there and count as normal ones. The vocabulary is read token by token,
/// so that a hostile file is refused before it has made millions of objects.
/// </remarks>
internal sealed class TokenizerJson
{
    private const string Kind = "It is not a SentencePiece model in a tokenizer.json, or it is damaged";
    private const int LongestPart = 8 << 20; // of all but the vocabulary; umT5's character map is the largest, 0.4 MB
    private const int ByteCount = 256;

    private readonly List<Piece> _pieces = [];
    private readonly Dictionary<int, (string Text, bool IsSpecial)> _added = [];
    private readonly HashSet<string> _steps = [];
    private byte[] _characterMap = [];
    private int? _unknown;
    private bool? _byteFallback;
    private bool _addsPrefix;

    private TokenizerJson() { }

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a tokenizer.json of a Unigram model, or exceed a limit.</exception>
    public static SentencePieceModel Parse(byte[] bytes)
    {
        try
        {
            var file = new TokenizerJson();
            file.Read(bytes);
            return file.ToModel();
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{Kind}: {e.Message}", e);
        }
    }

    private void Read(byte[] bytes)
    {
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
        var reader = new Utf8JsonReader(text);
        Expect(ref reader, JsonTokenType.StartObject);
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            switch (reader.GetString())
            {
                case "model":
                    ReadModel(ref reader);
                    break;
                case "added_tokens":
                    ReadAddedTokens(ref reader);
                    break;
                case "normalizer":
                    ReadSteps(Part(ref reader));
                    break;
                case "pre_tokenizer":
                    ReadSteps(Part(ref reader));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        while (reader.Read()) { }

        if (_pieces.Count == 0)
        {
            throw new InvalidDataException($"{Kind}: it has no vocabulary.");
        }
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            switch (reader.GetString())
            {
                case "type" when Next(ref reader) != JsonTokenType.String || !reader.ValueTextEquals("Unigram"u8):
                    throw new InvalidDataException("Its model is not of the type Unigram; only those are supported.");
                case "type":
                    break;
                case "unk_id":
                    _unknown = Next(ref reader) == JsonTokenType.Null ? null : reader.GetInt32();
                    break;
                case "byte_fallback":
                    _byteFallback = Next(ref reader) == JsonTokenType.Null ? null : reader.GetBoolean();
                    break;
                case "vocab":
                    ReadVocabulary(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    /// <summary>A list of pairs: the piece, its score.</summary>
    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartArray);
        while (Next(ref reader) == JsonTokenType.StartArray)
        {
            Expect(ref reader, JsonTokenType.String);
            var text = Encoding.UTF8.GetBytes(reader.GetString()!);
            Expect(ref reader, JsonTokenType.Number);
            SentencePieceModel.CheckPiece(_pieces.Count, text.Length);
            _pieces.Add(new Piece(text, (float)reader.GetDouble(), PieceType.Normal));
            Expect(ref reader, JsonTokenType.EndArray);
        }
    }

    private void ReadAddedTokens(ref Utf8JsonReader reader)
    {
        foreach (var token in Part(ref reader).EnumerateArray())
        {
            _added[token.GetProperty("id").GetInt32()] = (
                token.GetProperty("content").GetString() ?? "",
                token.GetProperty("special").GetBoolean()
            );
        }
    }

    /// <summary>Notes which steps there are, in whatever sequences, and what of them matters.</summary>
    private void ReadSteps(JsonElement step)
    {
        if (step.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var type = step.GetProperty("type").GetString()!;
        _steps.Add(type);
        switch (type)
        {
            case "Precompiled":
                _characterMap = step.GetProperty("precompiled_charsmap").GetBytesFromBase64();
                break;
            case "Metaspace":
                _addsPrefix = step.TryGetProperty("prepend_scheme", out var scheme)
                    ? scheme.GetString() != "never"
                    : !step.TryGetProperty("add_prefix_space", out var adds) || adds.GetBoolean();
                break;
            case "Sequence":
                foreach (
                    var part in (
                        step.TryGetProperty("normalizers", out var normalizers) ? normalizers : step.GetProperty("pretokenizers")
                    ).EnumerateArray()
                )
                {
                    ReadSteps(part);
                }

                break;
            default:
                break;
        }
    }

    private SentencePieceModel ToModel()
    {
        foreach (var (id, (text, isSpecial)) in _added)
        {
            // Tokens that were added behind the vocabulary are not pieces: text does not become them.
            if (id >= 0 && id < _pieces.Count && Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(_pieces[id].Text))
            {
                _pieces[id] = _pieces[id] with { Type = isSpecial ? PieceType.Control : PieceType.UserDefined };
            }
        }

        if (_unknown is { } unknown && unknown >= 0 && unknown < _pieces.Count)
        {
            _pieces[unknown] = _pieces[unknown] with { Type = PieceType.Unknown };
        }

        return SentencePieceModel.Of(
            _pieces,
            _characterMap,
            MarkBytes(),
            addDummyPrefix: _addsPrefix,
            removeExtraWhitespaces: _steps.Overlaps(["Replace", "Strip", "WhitespaceSplit"]),
            escapeWhitespaces: _steps.Contains("Metaspace")
        );
    }

    /// <summary>
    /// Gives the byte pieces their role, if unknown text becomes bytes: if the file says so, or says nothing and has them all.
    /// </summary>
    private bool MarkBytes()
    {
        if (_byteFallback == false)
        {
            return false;
        }

        var ids = Enumerable.Range(0, _pieces.Count).Where(id => IsByte(_pieces[id].Text)).ToList();
        if (_byteFallback is null && ids.Count < ByteCount)
        {
            return false;
        }

        ids.ForEach(id => _pieces[id] = _pieces[id] with { Type = PieceType.Byte });
        return true;
    }

    /// <summary>Whether a piece is called like a byte, <c>&lt;0x0A&gt;</c>.</summary>
    private static bool IsByte(ReadOnlySpan<byte> text) =>
        text.Length == 6 && text.StartsWith("<0x"u8) && text[^1] == '>' && IsDigit(text[3]) && IsDigit(text[4]);

    private static bool IsDigit(byte character) => char.IsAsciiHexDigitUpper((char)character);

    /// <summary>The value that comes, which must be small.</summary>
    private static JsonElement Part(ref Utf8JsonReader reader)
    {
        Next(ref reader);
        var probe = reader;
        probe.Skip();
        return probe.BytesConsumed - reader.BytesConsumed <= LongestPart
            ? JsonElement.ParseValue(ref reader)
            : throw new InvalidDataException($"{Kind}: a part other than the vocabulary takes more than {LongestPart} bytes.");
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (Next(ref reader) != type)
        {
            throw new InvalidDataException($"{Kind}: {type} is expected at byte {reader.TokenStartIndex}, not {reader.TokenType}.");
        }
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) =>
        reader.Read() ? reader.TokenType : throw new InvalidDataException($"{Kind}: it ends too soon.");
}
