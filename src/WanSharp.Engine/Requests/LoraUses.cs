using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Requests;

/// <summary>The LoRAs that a clip, or one of its experts, is made with. Immutable; equal if the LoRAs are, in their order.</summary>
/// <param name="uses">The LoRAs.</param>
[JsonConverter(typeof(LoraUsesConverter))]
public sealed class LoraUses(params IReadOnlyList<LoraUse> uses) : IReadOnlyList<LoraUse>, IEquatable<LoraUses>
{
    /// <inheritdoc/>
    public int Count => uses.Count;

    /// <inheritdoc/>
    public LoraUse this[int index] => uses[index];

    /// <summary>Reads a list: <c>a.safetensors; b.safetensors:0.5</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out LoraUses? read)
    {
        ArgumentNullException.ThrowIfNull(text);
        read = null;
        var uses = new List<LoraUse>();
        foreach (var part in text.Split(LoraUse.Separator))
        {
            if (!LoraUse.TryParse(part, out var use))
            {
                return false;
            }

            uses.Add(use);
        }

        read = new LoraUses([.. uses]);
        return true;
    }

    /// <summary>The LoRAs with full paths for the files that are there, seen from a folder; the other names stay.</summary>
    public LoraUses From(string folder) =>
        new([
            .. uses.Select(use =>
                Path.GetFullPath(use.File, folder) is var path && System.IO.File.Exists(path) ? use with { File = path } : use
            ),
        ]);

    /// <inheritdoc/>
    public IEnumerator<LoraUse> GetEnumerator() => uses.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(LoraUses? other) => other is not null && this.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LoraUses);

    /// <inheritdoc/>
    public override int GetHashCode() => uses.Aggregate(0, HashCode.Combine);

    /// <summary>The text that <see cref="TryParse"/> reads back.</summary>
    public override string ToString() => string.Join(LoraUse.Separator, uses);
}
