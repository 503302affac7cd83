using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>What a checkpoint's file name says apart from its precision, date and version.</summary>
internal static partial class FileWords
{
    /// <summary>The name without endings; of shards and their index what they have in common.</summary>
    public static string Stem(string path) => Ending().Replace(Path.GetFileName(path), "");

    /// <summary>A text without case and separators, to be compared.</summary>
    public static string Plain(string text) => Separators().Replace(text, "").ToLowerInvariant();

    /// <summary>A name without the words that say how numbers are stored.</summary>
    public static string WithoutPrecision(string name) => Precision().Replace(name, "");

    /// <summary>A name without precision, dates, versions and numbers of steps.</summary>
    public static string WithoutVersion(string name) => Version().Replace(WithoutPrecision(name), "");

    [GeneratedRegex(
        @"(?:-\d+-of-\d+)?(?:\.safetensors|\.sft|\.gguf|\.pth|\.pt|\.bin|\.ckpt)(?:\.index(?:\.[^.]+)?\.json)?$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Ending();

    [GeneratedRegex("[-_. ()]+")]
    private static partial Regex Separators();

    [GeneratedRegex(
        @"(?<![A-Za-z0-9])(?:m?(?:fp|bf|f)(?:32|16|8|4)|nf4|nvfp4|mxfp[48]|u?int[48]|i8|e4m3(?:fn)?(?:uz)?|e5m2|scaled|mixed|quanto"
            + "|convrot|tensorwise|rowwise|blockwise|sdnq|svdquant|torchao|learned|kj|gguf|ud"
            + @"|i?q\d(?:[-_](?:[01]|k|xxs|xs|nl|s|m|l|xl))*)(?![A-Za-z0-9])",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Precision();

    [GeneratedRegex(
        @"(?<![A-Za-z0-9])(?:v\d+(?:[._]\d+)*|\d{4}|\d{6}|\d{8}|\d{4}[-_.]\d{2}[-_.]\d{2}|\d+[-_ ]?steps?)(?![A-Za-z0-9])",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Version();
}
