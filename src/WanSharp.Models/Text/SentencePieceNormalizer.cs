using System.Runtime.InteropServices;
using System.Text;

namespace WanSharp.Models.Text;

/// <summary>Turns text into the form that the pieces are written in, as google/sentencepiece:src/normalizer.cc does.</summary>
internal sealed class SentencePieceNormalizer
{
    private const byte Space = (byte)' ';

    private readonly SentencePieceModel _model;
    private readonly CharacterMap _map;
    private readonly PieceIndex _keptWhole;
    private readonly byte[] _space;

    public SentencePieceNormalizer(SentencePieceModel model)
    {
        _model = model;
        _map = new CharacterMap(model.CharacterMap);
        _keptWhole = new PieceIndex(model.Pieces, type => type == PieceType.UserDefined);
        _space = model.EscapeWhitespaces ? "\u2581"u8.ToArray() : [Space];
    }

    /// <summary>Normalizes text to UTF-8. A lone surrogate counts as U+FFFD.</summary>
    public ReadOnlySpan<byte> Normalize(string text)
    {
        var normalized = new List<byte>(text.Length + _space.Length);
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        if (_model.RemoveExtraWhitespaces)
        {
            SkipSpaces(ref rest);
        }

        if (rest.IsEmpty)
        {
            return [];
        }

        if (_model.AddDummyPrefix)
        {
            normalized.AddRange(_space);
        }

        var afterSpace = _model.RemoveExtraWhitespaces;
        while (!rest.IsEmpty)
        {
            rest = rest[Next(rest, out var part)..];
            if (afterSpace)
            {
                part = part.TrimStart(Space);
            }

            Append(normalized, part);
            if (!part.IsEmpty)
            {
                afterSpace = _model.RemoveExtraWhitespaces && part[^1] == Space;
            }
        }

        if (_model.RemoveExtraWhitespaces)
        {
            TrimEnd(normalized);
        }

        return CollectionsMarshal.AsSpan(normalized);
    }

    private void SkipSpaces(ref ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            var length = Next(rest, out var part);
            if (part is not [Space])
            {
                break;
            }

            rest = rest[length..];
        }
    }

    /// <summary>Normalizes the next user-defined piece, rule's match or character, and returns how many bytes it takes.</summary>
    private int Next(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> part)
    {
        var whole = 0;
        for (var prefixes = _keptWhole.In(rest); prefixes.MoveNext(); )
        {
            whole = prefixes.Length;
        }

        if (whole > 0)
        {
            part = rest[..whole];
            return whole;
        }

        if (_map.Match(rest, out part) is var matched and > 0)
        {
            return matched;
        }

        Rune.DecodeFromUtf8(rest, out _, out var length);
        part = rest[..length];
        return length;
    }

    private void Append(List<byte> normalized, ReadOnlySpan<byte> part)
    {
        foreach (var value in part)
        {
            if (value == Space)
            {
                normalized.AddRange(_space);
            }
            else
            {
                normalized.Add(value);
            }
        }
    }

    private void TrimEnd(List<byte> normalized)
    {
        var kept = CollectionsMarshal.AsSpan(normalized);
        while (kept.EndsWith(_space))
        {
            kept = kept[..^_space.Length];
        }

        normalized.RemoveRange(kept.Length, normalized.Count - kept.Length);
    }
}
