using System.Globalization;
using System.Numerics;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The value of a field, as text.</summary>
/// <param name="Field">The field's name.</param>
/// <param name="Text">The value.</param>
/// <param name="Folder">Where relative paths begin.</param>
/// <param name="DecimalComma">Whether a comma may stand for the decimal point, as in tables whose separator is another.</param>
internal readonly record struct FieldValue(string Field, string Text, string Folder, bool DecimalComma)
{
    /// <summary>The full path of the file that it names.</summary>
    /// <exception cref="InvalidRequestException">It is empty.</exception>
    public string File() =>
        Text.Length > 0
            ? Path.GetFullPath(Text, Folder)
            : throw new InvalidRequestException(Field, $"The {Field} is empty: name a file, or leave the field out.");

    /// <exception cref="InvalidRequestException">It is neither true nor false.</exception>
    public bool Flag() =>
        Text.ToLowerInvariant() switch
        {
            "true" or "yes" or "1" => true,
            "false" or "no" or "0" => false,
            _ => throw new InvalidRequestException(Field, $"The {Field} is true or false, not '{Text}'."),
        };

    /// <summary>
    /// The number that it is; a whole number may have zeros after its point, as programs write that know only one kind of number.
    /// </summary>
    /// <exception cref="InvalidRequestException">It is not one.</exception>
    public T Number<T>()
        where T : INumber<T>, IMinMaxValue<T>
    {
        var isWhole = T.IsInteger(T.One / (T.One + T.One));
        var text = WithPoint();
        if (isWhole && text.IndexOf('.') is > 0 and var point && text.AsSpan(point + 1).Trim('0').IsEmpty)
        {
            text = text[..point];
        }

        if (
            T.TryParse(text, isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && T.IsFinite(number)
        )
        {
            return number;
        }

        var hint =
            isWhole && text.Contains('E', StringComparison.OrdinalIgnoreCase)
                ? " (spreadsheets round long numbers: format the column as text)"
            : text.Contains(',', StringComparison.Ordinal) ? " (write a decimal point)"
            : "";
        throw new InvalidRequestException(
            Field,
            $"The {Field} is {(isWhole ? $"a whole number from {T.MinValue} to {T.MaxValue}" : "a number such as 4.5")}, "
                + $"not '{Text}'{hint}."
        );
    }

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
                $"The {Field} '{Text}' may mean {whole}.{decimals} or {whole}{decimals}: write the one that is meant, with a decimal point."
            )
            : $"{whole}.{decimals}";
    }
}
