using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WanSharp.Models.Text;

/// <summary>SentencePiece's compiled normalization rules: which bytes of UTF-8 become which others.</summary>
/// <remarks>A 32-bit length, that many bytes of a double array (s-yata/darts-clone:include/darts.h), then the replacements,
/// each ended by a zero byte (google/sentencepiece:src/normalizer.cc).</remarks>
internal sealed class CharacterMap
{
    // The longest that NFKC makes of one rule takes 33 bytes.
    private const int LongestReplacement = 256;

    private readonly uint[] _units;
    private readonly byte[] _replacements;

    /// <summary>Reads the rules.</summary>
    /// <exception cref="InvalidDataException">The lengths contradict each other.</exception>
    public CharacterMap(ReadOnlySpan<byte> compiled)
    {
        if (compiled.IsEmpty)
        {
            (_units, _replacements) = ([], []);
            return;
        }

        var trieLength = compiled.Length > sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(compiled) : uint.MaxValue;
        if (trieLength >= compiled.Length - sizeof(uint) || trieLength % sizeof(uint) != 0 || compiled[^1] != 0)
        {
            throw new InvalidDataException("Its normalization rules (precompiled_charsmap) are damaged.");
        }

        _units = MemoryMarshal.Cast<byte, uint>(compiled.Slice(sizeof(uint), (int)trieLength)).ToArray();
        _replacements = compiled[(sizeof(uint) + (int)trieLength)..].ToArray();
    }

    /// <summary>Applies the longest rule that a text begins with.</summary>
    /// <returns>How many bytes the rule covers; 0 if there is none.</returns>
    /// <exception cref="InvalidDataException">The rule points outside of the replacements.</exception>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        var (length, value) = FindLongest(text);
        if (length > 0)
        {
            var rest = value < _replacements.Length ? _replacements.AsSpan((int)value) : [];
            var end = rest[..Math.Min(rest.Length, LongestReplacement)].IndexOf((byte)0);
            replacement =
                end >= 0
                    ? rest[..end]
                    : throw new InvalidDataException("A normalization rule (precompiled_charsmap) of the tokenizer's model is damaged.");
        }

        return length;
    }

    private (int Length, uint Value) FindLongest(ReadOnlySpan<byte> text)
    {
        (int, uint) longest = default;
        if (_units.Length == 0)
        {
            return longest;
        }

        var position = Offset(_units[0]);
        for (var i = 0; i < text.Length; i++)
        {
            position ^= text[i];
            if (position >= _units.Length || Label(_units[position]) != text[i])
            {
                break;
            }

            var unit = _units[position];
            position ^= Offset(unit);
            if (HasLeaf(unit) && position < _units.Length)
            {
                longest = (i + 1, _units[position] & 0x7FFF_FFFF);
            }
        }

        return longest;
    }

    // A unit: label in bits 0-7 (a leaf also has bit 31), whether a leaf follows in bit 8, and an offset in bits 10-30,
    // eight bits further up if bit 9 is set.
    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static bool HasLeaf(uint unit) => ((unit >> 8) & 1) == 1;

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1 << 9)) >> 6);
}
