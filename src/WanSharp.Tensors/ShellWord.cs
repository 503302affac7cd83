namespace WanSharp.Tensors;

/// <summary>Arguments of command lines that are printed for people to copy.</summary>
public static class ShellWord
{
    private const string PlainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";

    /// <summary>An argument as a shell reads it back. Control characters, which could steer the terminal, are written as escapes.</summary>
    public static string Quote(string argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument.Any(char.IsControl) ? $"$'{string.Concat(argument.Select(Escape))}'"
            : argument.Length > 0 && argument.All(c => PlainCharacters.Contains(c, StringComparison.Ordinal)) ? argument
            : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    private static string Escape(char c) =>
        c is '\'' or '\\' ? $"\\{c}"
        : char.IsControl(c) ? $"\\u{(int)c:x4}"
        : c.ToString();
}
