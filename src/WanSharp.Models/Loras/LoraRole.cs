namespace WanSharp.Models.Loras;

/// <summary>What a tensor of a LoRA's file is to the layer that it changes.</summary>
internal enum LoraRole
{
    /// <summary>The first factor, [rank, in].</summary>
    Down,

    /// <summary>The second factor, [out, rank].</summary>
    Up,

    /// <summary>Added after the second factor, [out].</summary>
    UpBias,

    /// <summary>The number that, divided by the rank, scales the change.</summary>
    Alpha,

    /// <summary>DoRA's lengths of rows or columns.</summary>
    Magnitude,

    /// <summary>LoHa's w1a.</summary>
    HadamardUp1,

    /// <summary>LoHa's w1b.</summary>
    HadamardDown1,

    /// <summary>LoHa's w2a.</summary>
    HadamardUp2,

    /// <summary>LoHa's w2b.</summary>
    HadamardDown2,

    /// <summary>LoKr's w1.</summary>
    Kronecker1,

    /// <summary>LoKr's w1 is this times <see cref="KroneckerRight1"/>.</summary>
    KroneckerLeft1,

    /// <summary>See <see cref="KroneckerLeft1"/>.</summary>
    KroneckerRight1,

    /// <summary>LoKr's w2.</summary>
    Kronecker2,

    /// <summary>LoKr's w2 is this times <see cref="KroneckerRight2"/>.</summary>
    KroneckerLeft2,

    /// <summary>See <see cref="KroneckerLeft2"/>.</summary>
    KroneckerRight2,

    /// <summary>Added to the weight.</summary>
    Difference,

    /// <summary>Added to the bias.</summary>
    BiasDifference,

    /// <summary>Added to the modulation of a block or the head.</summary>
    ModulationDifference,
}
