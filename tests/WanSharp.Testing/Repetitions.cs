using System.Globalization;

namespace WanSharp.Testing;

/// <summary>How often tests by chance are repeated: a few times in every run, and as often as an environment variable asks for.</summary>
public static class Repetitions
{
    /// <summary>The number that a variable asks for.</summary>
    /// <param name="variable">The variable, such as WAN_FUZZ.</param>
    /// <param name="usual">The number in every run.</param>
    public static int Of(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
            ? asked
            : usual;
}
