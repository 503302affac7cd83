using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>Refuses an output that is one of the files which it is made from: that would be gone.</summary>
internal static class OwnInputs
{
    /// <param name="target">The output.</param>
    /// <param name="field">The setting that names it, for the error.</param>
    /// <param name="inputs">What settings say of files: a path, several with <c>;</c> between them, with <c>@2-5</c> behind it.</param>
    /// <exception cref="InvalidRequestException">It is one of them, by whatever link.</exception>
    public static void Spare(string target, string field, IEnumerable<string?> inputs)
    {
        if (!File.Exists(target))
        {
            return;
        }

        foreach (var input in inputs.OfType<string>().SelectMany(text => text.Split(';').Prepend(text)).SelectMany(Paths))
        {
            if (File.Exists(input) && FileFacts.AreOne(input, target))
            {
                throw new InvalidRequestException(field, $"{input} is an input, and would be written over: name another output.");
            }
        }
    }

    private static IEnumerable<string> Paths(string text) =>
        text.LastIndexOf('@') is > 0 and var at ? [text.Trim(), text[..at].Trim()] : [text.Trim()];
}
