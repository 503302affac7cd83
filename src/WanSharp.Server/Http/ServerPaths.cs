using System.Text.RegularExpressions;

namespace WanSharp.Server.Http;

/// <summary>Keeps folders of the server's machine out of what clients are told: the engine's messages are made for its owner.</summary>
internal static partial class ServerPaths
{
    /// <summary>A message whose full paths are names alone.</summary>
    public static string Hide(string message) => FullPath().Replace(message, path => path.Groups["name"].Value);

    /// <summary>A full path, of Unix or Windows; neither an address nor one of the API's own routes.</summary>
    [GeneratedRegex("""(?<![\w/:.~-])(?:[A-Za-z]:\\|/(?!v1/))(?:[^\s/\\'",:;<>|]+[/\\])+(?<name>[^\s/\\'",:;<>|]*)""")]
    private static partial Regex FullPath();
}
