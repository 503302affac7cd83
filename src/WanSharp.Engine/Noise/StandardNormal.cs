namespace WanSharp.Engine.Noise;

/// <summary>
/// The quantile of the standard normal distribution at (word + ½)/2³², after algorithm AS 241, PPND16 (Wichura,
/// Applied Statistics 37, 1988). Only +, −, ×, ÷ and √ of binary64 are used, each rounded as IEEE 754 says and never
/// fused, so that every machine gets the same bits; library logarithms differ between platforms.
/// </summary>
/// <remarks>The third branch of AS 241 begins at probabilities under e⁻²⁵, which 32 bits do not reach.</remarks>
internal static class StandardNormal
{
    private const double Ln2 = 0.69314718055994530942;
    private const double Sqrt2 = 1.41421356237309504880;

    public static float FromWord(uint word)
    {
        var centred = word + 0.5 - 2147483648.0; // exact, as are all steps down to the branch
        var q = centred * (1.0 / 4294967296.0);
        if (Math.Abs(q) <= 0.425)
        {
            return (float)(q * Centre(0.180625 - (q * q)));
        }

        var tail = 0.5 - Math.Abs(q);
        var value = Tail(Math.Sqrt(-Log(tail)) - 1.6);
        return (float)(q < 0 ? -value : value);
    }

    /// <summary>The natural logarithm of a normal number, by its exponent and 2·artanh((m − 1)/(m + 1)) of its mantissa.</summary>
    internal static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        if (mantissa > Sqrt2)
        {
            mantissa *= 0.5;
            exponent++;
        }

        var s = (mantissa - 1.0) / (mantissa + 1.0); // |s| < 0.172, so 12 terms of the series reach binary64
        var square = s * s;
        var sum = 0.0;
        for (var odd = 23; odd >= 1; odd -= 2)
        {
            sum = (sum * square) + (1.0 / odd);
        }

        return (exponent * Ln2) + (2.0 * s * sum);
    }

    private static double Centre(double r) =>
        (
            (
                (
                    (
                        (
                            (
                                (
                                    (
                                        (((((2509.0809287301226727 * r) + 33430.575583588128105) * r) + 67265.770927008700853) * r)
                                        + 45921.953931549871457
                                    ) * r
                                ) + 13731.693765509461125
                            ) * r
                        ) + 1971.5909503065514427
                    ) * r
                ) + 133.14166789178437745
            ) * r
            + 3.3871328727963666080
        )
        / (
            (
                (
                    (
                        (
                            (
                                (
                                    (
                                        (((((5226.4952788528545610 * r) + 28729.085735721942674) * r) + 39307.895800092710610) * r)
                                        + 21213.794301586595867
                                    ) * r
                                ) + 5394.1960214247511077
                            ) * r
                        ) + 687.18700749205790830
                    ) * r
                ) + 42.313330701600911252
            ) * r
            + 1.0
        );

    private static double Tail(double r) =>
        (
            (
                (
                    (
                        (
                            (
                                (
                                    (
                                        (((((7.74545014278341407640e-4 * r) + 0.0227238449892691845833) * r) + 0.241780725177450611770) * r)
                                        + 1.27045825245236838258
                                    ) * r
                                ) + 3.64784832476320460504
                            ) * r
                        ) + 5.76949722146069140550
                    ) * r
                ) + 4.63033784615654529590
            ) * r
            + 1.42343711074968357734
        )
        / (
            (
                (
                    (
                        (
                            (
                                (
                                    (
                                        (((((1.05075007164441684324e-9 * r) + 5.475938084995344946e-4) * r) + 0.0151986665636164571966) * r)
                                        + 0.148103976427480074590
                                    ) * r
                                ) + 0.689767334985100004550
                            ) * r
                        ) + 1.67638483018380384940
                    ) * r
                ) + 2.05319162663775882187
            ) * r
            + 1.0
        );
}
