using System.Diagnostics.CodeAnalysis;

namespace WanSharp.Engine.Requests;

/// <summary>A LoRA that a clip is made with, as it is asked for: <c>style.safetensors:0.8</c>.</summary>
/// <param name="File">A path, or the name of a file in a folder <c>loras</c> of the model, with or without its extension.</param>
/// <param name="Strength">How strongly it acts.</param>
public sealed record LoraUse(string File, LoraStrength Strength)
{
    /// <summary>What separates several of them in one text. No file's name may hold it.</summary>
    public const char Separator = ';';

    private const char Mark = ':';
    private const string Extension = ".safetensors";

    /// <summary>Reads a file with its strength; a strength left out is 1.</summary>
    /// <remarks>What follows the last colon is a strength if it can be one; otherwise, it belongs to the path.</remarks>
    public static bool TryParse(string text, [NotNullWhen(true)] out LoraUse? use)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Trim();
        var mark = text.LastIndexOf(Mark);
        if (mark > 0 && LoraStrength.MayBeDecimal(text[(mark + 1)..]))
        {
            use = null;
            return false;
        }

        use =
            mark > 0 && LoraStrength.TryParse(text[(mark + 1)..], out var strength)
                ? new LoraUse(text[..mark].TrimEnd(), strength)
                : new LoraUse(text, LoraStrength.Full);
        use = use.File.Length > 0 && !use.File.Any(c => c is Separator or '\0') ? use : null;
        return use is not null;
    }

    /// <summary>Whether another one names the same file, as far as names tell: folders, an extension and case are left out.</summary>
    internal bool IsOfSameFile(LoraUse other)
    {
        return NameOf(File).Equals(NameOf(other.File), StringComparison.OrdinalIgnoreCase);

        static string NameOf(string file) =>
            file.Replace('\\', '/').Split('/')[^1] is var name && name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
                ? name[..^Extension.Length]
                : name;
    }

    /// <summary>The text that <see cref="TryParse"/> reads back.</summary>
    public override string ToString() =>
        Strength.Equals(LoraStrength.Full) && TryParse(File, out var read) && read.File == File ? File : $"{File}{Mark}{Strength}";
}
