using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;
using WanSharp.Tensors.Gguf;
using static System.FormattableString;

namespace WanSharp.Models.Text;

/// <summary>The tokenizer that llama.cpp's converter puts into the notes of a T5 or umT5 encoder's GGUF file.</summary>
/// <remarks>
/// Source: ggml-org/llama.cpp:convert_hf_to_gguf.py, T5EncoderModel.set_vocab. The types of pieces are numbered as in a
/// <c>spiece.model</c>; pieces that fill the vocabulary up are called <c>[PAD0]</c> and so on, and are left out here.
/// </remarks>
internal static partial class GgufTokenizer
{
    private const string Model = "tokenizer.ggml.model";
    private const string Tokens = "tokenizer.ggml.tokens";
    private const string Scores = "tokenizer.ggml.scores";
    private const string Types = "tokenizer.ggml.token_type";
    private const string CharacterMap = "tokenizer.ggml.precompiled_charsmap";
    private const string AddsPrefix = "tokenizer.ggml.add_space_prefix";
    private const string RemovesSpaces = "tokenizer.ggml.remove_extra_whitespaces";
    private const string Unigram = "t5";

    private const int MostPieces = 1 << 20;
    private const int LongestMap = 8 << 20;
    private const int ByteCount = 256;

    /// <summary>Whether a checkpoint is a GGUF file with such a tokenizer.</summary>
    public static bool IsIn(ICheckpoint checkpoint) =>
        checkpoint.Metadata.GetValueOrDefault(Model) == Unigram && checkpoint.Metadata.ContainsKey(Tokens);

    /// <summary>The tokenizer as a <c>spiece.model</c>.</summary>
    /// <param name="path">The GGUF file.</param>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It has no such tokenizer, or a damaged one.</exception>
    public static byte[] ToSpieceModel(string path)
    {
        using var notes = GgufNotes.Open(path);
        if (
            notes.Values.GetValueOrDefault(Model) != Unigram
            || notes.ReadTexts(Tokens, MostPieces) is not { } texts
            || notes.ReadNumbers(Scores, MostPieces) is not { } scores
            || notes.ReadNumbers(Types, MostPieces) is not { } types
            || scores.Count != texts.Count
            || types.Count != texts.Count
        )
        {
            throw new InvalidDataException(
                $"Its notes have no whole tokenizer: {Tokens}, {Scores} and {Types} are needed, of one length, and {Model} \"{Unigram}\"."
            );
        }

        var count = texts.Count;
        while (count > 0 && types[count - 1] == (int)PieceType.Unused && Padding().IsMatch(Encoding.UTF8.GetString(texts[count - 1])))
        {
            count--;
        }

        var pieces = new List<Piece>(count);
        for (var i = 0; i < count; i++)
        {
            SentencePieceModel.CheckPiece(i, texts[i].Length);
            var type = (PieceType)types[i];
            pieces.Add(
                Enum.IsDefined(type)
                    ? new Piece(texts[i], (float)scores[i], type)
                    : throw new InvalidDataException(Invariant($"Piece {i} is of type {types[i]}, which does not exist."))
            );
        }

        byte[] map = [.. (notes.ReadNumbers(CharacterMap, LongestMap) ?? []).Select(value => (byte)(int)value)];
        return SentencePieceModel
            .Of(
                pieces,
                map,
                byteFallback: pieces.Count(piece => piece.Type == PieceType.Byte) == ByteCount,
                addDummyPrefix: Flag(AddsPrefix),
                removeExtraWhitespaces: Flag(RemovesSpaces),
                escapeWhitespaces: true
            )
            .ToBytes();

        bool Flag(string key) => notes.Values.GetValueOrDefault(key, "true") == "true";
    }

    [GeneratedRegex(@"^\[PAD\d+\]$")]
    private static partial Regex Padding();
}
