using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Server.Http;

/// <summary>
/// The library's help and messages as clients read them. They are written for whoever sits at the machine: settings are called by the
/// command line's options, files by their paths. Here a setting is a field of a request, and a folder is none of a client's business.
/// </summary>
internal static partial class ClientText
{
    /// <summary>Fields of requests that are options of commands, too, and no settings of a clip.</summary>
    private static readonly string[] OtherFields = ["image", "last_image", "format", "priority", "prompts", "seeds", "style", "styles"];

    private static readonly HashSet<string> Fields = [.. SettingFields.All.Select(field => field.Name), .. OtherFields];

    /// <summary>A text without options and folders. Commands stay, in backticks or from their name on: they are for the owner.</summary>
    public static string Of(string text) => ServerPaths.Hide(Names().Replace(text, Spelled));

    /// <summary>Texts by <see cref="Of"/>.</summary>
    public static IReadOnlyList<string> OfAll(IEnumerable<string> texts) => [.. texts.Select(Of)];

    /// <summary>What requests call a setting that the library calls as people do: <c>guidance_high</c> for <c>guidance-high</c>.</summary>
    public static string FieldOf(string label) => label.Replace('-', '_') is var field && Fields.Contains(field) ? field : label;

    private static string Spelled(Match match)
    {
        if (match.Groups["name"] is not { Success: true, Value: var label })
        {
            return match.Value;
        }

        var field = FieldOf(label);
        var isOption = match.Value.StartsWith("--", StringComparison.Ordinal);
        return isOption && !Fields.Contains(field) ? $"the server's option {label}" : field;
    }

    /// <summary>Commands; names of options, and names of several words with hyphens, which settings have in messages.</summary>
    [GeneratedRegex(
        """`[^`]*`|\bwan [a-z]+ [^,;:)]*|(?<![\w./-])(?:--(?<name>[a-z][a-z0-9-]*[a-z0-9])|(?<name>[a-z]+(?:-[a-z]+)+))(?![\w-]|\.\w)"""
    )]
    private static partial Regex Names();
}
