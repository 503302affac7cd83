using System.Text;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models.Text;

/// <summary>
/// Splits text into the pieces of a SentencePiece Unigram model (a <c>spiece.model</c>, or the <c>tokenizer.json</c> that was made
/// of one), as umT5 and the Shapes model read them.
/// </summary>
/// <remarks>
/// Ids equal those of google/sentencepiece 0.1.97 followed by the end mark. Names of control pieces in the text, such as
/// <c>&lt;/s&gt;</c>, are plain text. Thread-safe.
/// </remarks>
public sealed class SentencePieceTokenizer
{
    private const int LongestModel = 64 << 20;
    private const float UnknownPenalty = 10;

    private readonly Piece[] _pieces;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly PieceIndex _index;
    private readonly int[]? _byteIds;
    private readonly float _unknownScore;
    private readonly float _bestScore;

    private SentencePieceTokenizer(byte[] bytes, SentencePieceModel model)
    {
        Digest = Digests.OfBytes(bytes);
        _pieces = [.. model.Pieces];
        _normalizer = new SentencePieceNormalizer(model);
        _index = new PieceIndex(_pieces, type => type is PieceType.Normal or PieceType.UserDefined or PieceType.Unused);
        UnknownId = Find(PieceType.Unknown, "<unk>");
        EosId = Find(PieceType.Control, "</s>");
        PadId = Find(PieceType.Control, "<pad>");
        _byteIds = model.ByteFallback ? [.. Enumerable.Range(0, 256).Select(value => Find(PieceType.Byte, $"<0x{value:X2}>"))] : null;

        // As in google/sentencepiece:src/unigram_model.cc, down to the smallest normal float that the maximum starts from.
        const float SmallestNormal = 1.17549435E-38f;
        var scores = _pieces.Where(piece => piece.Type == PieceType.Normal).Select(piece => piece.Score).ToList();
        _unknownScore = scores.Aggregate(float.MaxValue, (least, score) => score < least ? score : least) - UnknownPenalty;
        _bestScore = scores.Aggregate(SmallestNormal, (most, score) => score > most ? score : most);
    }

    /// <summary>The id of padding.</summary>
    public int PadId { get; }

    /// <summary>The id at the end of every sequence.</summary>
    public int EosId { get; }

    /// <summary>The id of text that no piece covers.</summary>
    public int UnknownId { get; }

    /// <summary>The number of ids.</summary>
    public int VocabularySize => _pieces.Length;

    /// <summary>SHA-256 of the model file, in lower-case hexadecimal.</summary>
    public string Digest { get; }

    /// <summary>Reads a model file.</summary>
    /// <param name="path">A <c>spiece.model</c>, or a <c>tokenizer.json</c> if its name ends so.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="InvalidDataException">The file is not a Unigram model, or lacks a piece that an encoder needs.</exception>
    public static SentencePieceTokenizer Load(string path)
    {
        using var stream = PlainFile.OpenRead(path);
        try
        {
            var bytes = Read(stream);
            return new SentencePieceTokenizer(bytes, IsJson(path) ? TokenizerJson.Parse(bytes) : SentencePieceModel.Parse(bytes));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {OtherContents.DescribeCompanion(path) ?? e.Message}", e);
        }
    }

    /// <summary>Reads a <c>spiece.model</c> from a stream, to its end.</summary>
    /// <exception cref="InvalidDataException">The stream is not a Unigram model, or lacks a piece that an encoder
    /// needs.</exception>
    public static SentencePieceTokenizer Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var bytes = Read(stream);
        return new SentencePieceTokenizer(bytes, SentencePieceModel.Parse(bytes));
    }

    /// <summary>Whether a file's name is that of a <c>tokenizer.json</c>.</summary>
    internal static bool IsJson(string path) => path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The ids of a text, ended by <see cref="EosId"/>.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD. The time is linear in its length.</param>
    /// <param name="maxLength">The most ids, at least 1: a longer text is cut and still ends with <see cref="EosId"/>.</param>
    public int[] Encode(string text, int maxLength = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        var normalized = _normalizer.Normalize(text);
        var ids = new List<int>();
        var isAfterUnknown = false;
        foreach (var (id, start, end) in BestPath(normalized))
        {
            if (id != UnknownId)
            {
                ids.Add(id);
            }
            else if (_byteIds is not null)
            {
                foreach (var value in normalized[start..end])
                {
                    ids.Add(_byteIds[value]);
                }
            }
            else if (!isAfterUnknown)
            {
                ids.Add(id); // A run of unknown characters is one unknown piece.
            }

            isAfterUnknown = id == UnknownId;
        }

        return [.. ids.Take(maxLength - 1), EosId];
    }

    private static byte[] Read(Stream stream)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is var count and > 0)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > LongestModel)
            {
                throw new InvalidDataException($"A tokenizer's model takes at most {LongestModel} bytes.");
            }
        }

        return bytes.ToArray();
    }

    /// <summary>The pieces whose scores add up to the most, first to last (Viterbi).</summary>
    private List<(int Id, int Start, int End)> BestPath(ReadOnlySpan<byte> text)
    {
        var best = new Node[text.Length + 1]; // by the position where the path's last piece ends
        best.AsSpan().Fill(new Node(-1, 0, -1));
        for (var start = 0; start < text.Length; )
        {
            var character = Math.Min(CharacterLength(text[start]), text.Length - start);
            var isCovered = false;
            for (var prefixes = _index.In(text[start..]); prefixes.MoveNext(); )
            {
                var (id, length) = (prefixes.Id, prefixes.Length);
                if (_pieces[id].Type != PieceType.Unused)
                {
                    Offer(ref best[start + length], id, Score(id, length) + best[start].Score, start);
                    isCovered |= length == character;
                }
            }

            if (!isCovered)
            {
                Offer(ref best[start + character], UnknownId, _unknownScore + best[start].Score, start);
            }

            start += character;
        }

        var path = new List<(int, int, int)>();
        for (var end = text.Length; end > 0; end = best[end].Start)
        {
            path.Add((best[end].Id, best[end].Start, end));
        }

        path.Reverse();
        return path;
    }

    private static void Offer(ref Node best, int id, double score, int start)
    {
        // Compared as a double and kept as a float: paths that are about equal must be chosen as the original chooses.
        if (best.Start < 0 || score > best.Score)
        {
            best = new Node(id, (float)score, start);
        }
    }

    /// <summary>User-defined pieces get a bonus, so that they are always chosen.</summary>
    private double Score(int id, int length) => _pieces[id].Type == PieceType.UserDefined ? (length * _bestScore) - 0.1 : _pieces[id].Score;

    /// <summary>The bytes of the character that a byte begins; 1 for one that begins none.</summary>
    private static int CharacterLength(byte first) =>
        first switch
        {
            < 0xC0 => 1,
            < 0xE0 => 2,
            < 0xF0 => 3,
            _ => 4,
        };

    private int Find(PieceType type, string name)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var id = Array.FindIndex(_pieces, piece => piece.Type == type && piece.Text.AsSpan().SequenceEqual(text));
        return id >= 0 ? id : throw new InvalidDataException($"It lacks the {type} piece {name}: is it the tokenizer of a T5 encoder?");
    }

    /// <summary>The best path that ends at a position.</summary>
    private readonly record struct Node(int Id, float Score, int Start);
}
