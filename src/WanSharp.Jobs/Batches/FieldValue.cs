using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The value of a field, as text.</summary>
/// <param name="Field">The field's name.</param>
/// <param name="Text">The value.</param>
/// <param name="Folder">Where relative paths begin.</param>
/// <param name="DecimalComma">Whether a comma may stand for the decimal point, as in quotes, and where another separates cells.</param>
internal readonly partial record struct FieldValue(string Field, string Text, string Folder, bool DecimalComma)
{
    // A shell would have written the folder; a table has none.
    private const string Home = "~/";

    /// <summary>The full path of the file that it names.</summary>
    /// <exception cref="InvalidRequestException">It is empty, or an address.</exception>
    public string File() =>
        Text.Length == 0 ? throw new InvalidRequestException(Field, $"The {Field} is empty: name a file, or leave the field out.")
        : NamedPath.IsAddress(Text) ? throw new InvalidRequestException(Field, $"The {Field} '{Text}': {NamedPath.ProblemOf(Text)}")
        : Text.StartsWith(Home, StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Text[Home.Length..])
        : Path.GetFullPath(Text, Folder);

    /// <exception cref="InvalidRequestException">It is neither true nor false.</exception>
    public bool Flag() =>
        Text.ToLowerInvariant() switch
        {
            "true" or "yes" or "1" or "wahr" or "vrai" or "verdadero" or "verdadeiro" or "vero" or "истина" => true,
            "false" or "no" or "0" or "falsch" or "faux" or "falso" or "ложь" => false,
            _ => throw new InvalidRequestException(Field, $"The {Field} is true or false, not '{Text}'."),
        };

    /// <summary>Settings with this value.</summary>
    /// <exception cref="InvalidRequestException">It is not a value of that setting.</exception>
    public T Set<T>(T settings, SettingField field)
        where T : ClipSettings
    {
        var text = field.Range is null ? Text : WithPoint();
        if (DecimalComma && field.Range is { IsWhole: true } && text.Split('.') is [{ Length: > 0 and <= 3 } thousands, { Length: 3 }])
        {
            throw new InvalidRequestException(
                Field,
                $"The {Field} '{Text}' may mean {thousands} or {text.Replace(".", "", StringComparison.Ordinal)}: write the one that is "
                    + "meant."
            );
        }

        if (DecimalComma && (field.IsList || field.Example is not null) && CommaBetweenDigits().Match(text) is { Success: true } pair)
        {
            throw new InvalidRequestException(
                Field,
                $"The {Field} '{Text}' may mean {pair.Value.Replace(',', '.')}, or "
                    + $"{pair.Value.Replace(",", " and ", StringComparison.Ordinal)}: write a decimal point, or a space after the comma."
            );
        }

        return field.TrySet(settings, text, out var changed)
            ? field.From(changed, Folder)
            : throw NotA(field.Expected, text, field.Range?.IsWhole == true, field.Range is not null || field.IsList);
    }

    /// <exception cref="InvalidRequestException">It is not a whole number.</exception>
    public int WholeNumber() =>
        SettingTexts.TryParseNumber<int>(WithPoint(), out var number)
            ? number
            : throw NotA("a whole number", WithPoint(), isWhole: true, isNumber: true);

    private InvalidRequestException NotA(string expected, string text, bool isWhole, bool isNumber)
    {
        var hint =
            isWhole && text.Contains('E', StringComparison.OrdinalIgnoreCase)
                ? " (spreadsheets round long numbers: format the column as text)"
            : isNumber && text.Contains(',', StringComparison.Ordinal) ? " (write a decimal point)"
            : "";
        return new InvalidRequestException(Field, $"The {Field} is {expected}, not '{Text}'{hint}.");
    }

    /// <remarks>A number of its own: not within a name, a longer list, or one with a point.</remarks>
    [GeneratedRegex(@"(?<=^|[:;=\s(\[])-?[0-9]+,[0-9]+(?=$|[;@\s)\]])")]
    private static partial Regex CommaBetweenDigits();

    /// <summary>The text with a decimal point. Three digits after a lone comma may be thousands: that is refused.</summary>
    private string WithPoint()
    {
        if (!DecimalComma || Text.Split(',') is not [var whole, var decimals] || Text.Contains('.', StringComparison.Ordinal))
        {
            return Text;
        }

        return decimals.Length == 3 && whole.Trim('-') is not ("0" or "")
            ? throw new InvalidRequestException(
                Field,
                $"The {Field} '{Text}' may mean {whole}.{decimals} or {whole}{decimals}: write it with a decimal point or no separator."
            )
            : $"{whole}.{decimals}";
    }
}
