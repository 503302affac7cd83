using System.CommandLine;
using System.CommandLine.Parsing;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Commands;

/// <summary>Options that take a size: <c>832x480</c>.</summary>
internal static class SizeOption
{
    /// <summary>An option that takes a size; whoever uses it checks that it fits the model.</summary>
    public static Option<ClipSize?> Create(string description) =>
        new("--size")
        {
            Description = description,
            HelpName = "WxH",
            CustomParser = Parse,
        };

    /// <summary>Parses an option's value, for <c>CustomParser</c>.</summary>
    public static ClipSize? Parse(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (SettingTexts.TryParseSize(text, out var size))
        {
            return size;
        }

        argument.AddError($"'{text}' is not a size: write {SettingFields.Size.Expected}.");
        return null;
    }
}
