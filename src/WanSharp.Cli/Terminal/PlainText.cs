using WanSharp.Jobs.Comfy;

namespace WanSharp.Cli.Terminal;

/// <summary>Text from files and libraries, made fit for a terminal: it can neither break a line nor steer the cursor.</summary>
internal static class PlainText
{
    /// <summary>The text with each run of control characters as one space, and no address in it with a password or a token.</summary>
    public static string OneLine(string text) =>
        string.Join(
            ' ',
            string.Concat(ComfyAddress.WithoutSecrets(text).Select(c => char.IsControl(c) ? '\n' : c))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
}
