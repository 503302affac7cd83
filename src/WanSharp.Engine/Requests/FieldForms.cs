using System.Globalization;
using System.Numerics;
using WanSharp.Engine.Sampling;
using WanSharp.Models;

namespace WanSharp.Engine.Requests;

/// <summary>Makes rows of <see cref="SettingFields"/>, by the form of their values.</summary>
internal static class FieldForms
{
    public static SettingField Text(
        string name,
        string valueName,
        string help,
        IReadOnlyList<string> choices,
        Func<ClipSettings, string?> get,
        Func<ClipSettings, string, ClipSettings> set,
        Func<GenerationSettings, string?> resolved
    ) =>
        new(text => text, get, (settings, value) => set(settings, (string)value), resolved)
        {
            Name = name,
            ValueName = valueName,
            Help = help,
            Choices = choices,
            Expected = choices.Count == 0 ? "text" : $"one of {string.Join(", ", choices)}",
        };

    /// <summary>A file, or the name of one: a relative path to an existing file starts at the folder of whatever names it.</summary>
    public static SettingField FileName(
        string name,
        string help,
        Func<ClipSettings, string?> get,
        Func<ClipSettings, string, ClipSettings> set,
        Func<GenerationSettings, string?> resolved
    ) =>
        new(text => text, get, (settings, value) => set(settings, (string)value), resolved)
        {
            Name = name,
            ValueName = "FILE",
            Help = help,
            Expected = "a file or a name",
            Anchor = (settings, folder) =>
                get(settings) is { Length: > 0 } file && Path.Combine(folder, file) is var path && File.Exists(path)
                    ? set(settings, Path.GetFullPath(path))
                    : settings,
        };

    /// <summary>Files of clips or pictures, with the seconds that are meant.</summary>
    public static SettingField Clips(
        string name,
        string valueName,
        string help,
        string expected,
        Func<ClipSettings, string?> get,
        Func<ClipSettings, string, ClipSettings> set,
        Func<GenerationSettings, string?> resolved,
        bool isList = false
    )
    {
        return new(
            text => Parts(text).All(part => ClipPart.Parse(part) is not null) ? text : null,
            get,
            (settings, value) => set(settings, (string)value),
            resolved
        )
        {
            Name = name,
            ValueName = valueName,
            Help = help,
            Expected = expected,
            IsList = isList,
            Anchor = (settings, folder) =>
                get(settings) is { Length: > 0 } text
                    ? set(settings, string.Join(LoraUse.Separator, Parts(text).Select(part => Seen(part, folder))))
                    : settings,
        };

        IEnumerable<string> Parts(string text) => isList ? text.Split(LoraUse.Separator).Select(part => part.Trim()) : [text];

        static string Seen(string part, string folder) => ClipPart.Parse(part)?.SeenFrom(folder).ToString() ?? part;
    }

    public static SettingField Loras(
        string name,
        string help,
        Func<ClipSettings, LoraUses?> get,
        Func<ClipSettings, LoraUses, ClipSettings> set,
        Func<GenerationSettings, IReadOnlyList<GenerationSettings.EmbeddedLora>?> resolved
    ) =>
        new(
            text => LoraUses.TryParse(text, out var uses) ? uses : null,
            get,
            (settings, value) => set(settings, (LoraUses)value),
            made => GenerationSettings.Requested(resolved(made))
        )
        {
            Name = name,
            ValueName = "FILE[:STRENGTH]",
            Help = help,
            IsList = true,
            Expected =
                "a LoRA's file and its strength with a decimal point, such as style.safetensors:0.8 (0 in the first step and 8 in the "
                + "others is written 0@0,8@1-)",
            Anchor = (settings, folder) => get(settings) is { } uses ? set(settings, uses.From(folder)) : settings,
        };

    public static SettingField Side(
        string name,
        string help,
        Func<ClipSettings, int?> get,
        Func<ClipSettings, int, ClipSettings> set,
        Func<GenerationSettings, int?> resolved
    ) => Number(name, "PIXELS", help, 1, ModelLimits.MaximumSide, get, set, resolved, excludes: "size", isPart: true);

    public static SettingField Number<T>(
        string name,
        string valueName,
        string help,
        T minimum,
        T maximum,
        Func<ClipSettings, T?> get,
        Func<ClipSettings, T, ClipSettings> set,
        Func<GenerationSettings, T?> resolved,
        string? excludes = null,
        bool excludesMinimum = false,
        string? impliedBy = null,
        bool isPart = false
    )
        where T : struct, INumber<T>
    {
        var range = new SettingRange(
            decimal.CreateChecked(minimum),
            decimal.CreateChecked(maximum),
            SettingTexts.IsWhole<T>(),
            excludesMinimum
        );
        return new SettingField(
            text => SettingTexts.TryParseNumber<T>(text, out var number) ? number : null,
            settings => get(settings),
            (settings, value) => set(settings, (T)value),
            made => resolved(made)
        )
        {
            Name = name,
            ValueName = valueName,
            Help = help,
            Range = range,
            Expected = range.ToString(),
            Excludes = excludes is null ? [] : [excludes],
            ImpliedBy = impliedBy,
            IsPart = isPart,
        };
    }

    public static SettingField List(
        string name,
        string help,
        string example,
        Func<ClipSettings, NumberList?> get,
        Func<ClipSettings, NumberList, ClipSettings> set,
        Func<GenerationSettings, NumberList?> resolved
    ) => Value(name, "LIST", help, $"numbers such as {example}", example, get, set, resolved, isList: true);

    /// <summary>A field whose text has parts, of which its type knows the form.</summary>
    public static SettingField Value<T>(
        string name,
        string valueName,
        string help,
        string expected,
        string example,
        Func<ClipSettings, T?> get,
        Func<ClipSettings, T, ClipSettings> set,
        Func<GenerationSettings, T?> resolved,
        bool isList = false,
        IReadOnlyList<string>? excludes = null
    )
        where T : class, IParsable<T> =>
        new(
            text => T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null,
            get,
            (settings, value) => set(settings, (T)value),
            resolved
        )
        {
            Name = name,
            ValueName = valueName,
            Help = help,
            Expected = expected,
            Example = example,
            IsList = isList,
            Excludes = excludes ?? [],
        };
}
