package settings

const administrator = "the administrators"
